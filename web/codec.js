/** CLASP frames and patterns on their own: `clasp-p2p/codec`. */
export {
  decode,
  decodeFrame,
  encode,
  encodeFrames,
  encodeLent,
  isAddress,
  isPattern,
  matches,
  ready,
} from '../js-glue/codec.js';
export { Dispatcher } from '../js-glue/dispatcher.js';
export { ClaspError } from './error.js';

/** @typedef {import('../js-glue/codec.js').Message} Message */
/** @typedef {import('../js-glue/codec.js').FrameOptions} FrameOptions */
/** @typedef {import('../js-glue/codec.js').DecodeOptions} DecodeOptions */
/** @typedef {import('../js-glue/dispatcher.js').Handler} Handler */
