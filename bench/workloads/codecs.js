/** Who encodes and decodes. */
import { decode as coreDecode, encode as coreEncode } from '@clasp-to/core';
import { Encoder, isNativeAccelerationEnabled as isCborNative } from 'cbor-x';
import { Packr, isNativeAccelerationEnabled as isMsgpackrNative } from 'msgpackr';

import { decode, encode, encodeLent, ready } from '../../web/codec.js';
import { base64 } from './base64.js';

/** @typedef {{encode: (message: any) => Uint8Array, decode: (bytes: Uint8Array) => any}} Codec any: messages of all types */

/**
 * @typedef {object} CodecEntry
 * @property {string} name
 * @property {boolean} [isText]
 * @property {boolean} [isLent] what it encodes is the caller's until the next call only; it takes no part in decoding
 * @property {string[]} [cannotEncode] kinds; it decodes them from the frames that we encode
 * @property {() => Codec | Promise<Codec>} open a fresh one, so that records shared by its two sides are those of one case
 */

export const OURS = 'clasp-p2p';
export const CORE = '@clasp-to/core';
export const JSON_TEXT = 'JSON';

/** @param {ConstructorParameters<typeof Packr>[0]} options @returns {Codec} */
function msgpackr(options) {
  const packr = new Packr(options);
  return { encode: (message) => packr.pack(message), decode: (bytes) => packr.unpack(bytes) };
}

/** @param {ConstructorParameters<typeof Encoder>[0]} options @returns {Codec} */
function cborx(options) {
  const encoder = new Encoder(options);
  return { encode: (message) => encoder.encode(message), decode: (bytes) => encoder.decode(bytes) };
}

/** Bytes go as base64. @returns {Codec} */
function json() {
  const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];
  return {
    encode(message) {
      const { value } = message;
      const isBytes = value instanceof Uint8Array;
      const plain = isBytes ? { ...message, value: { base64: base64.from(value) } } : message;
      return encoder.encode(JSON.stringify(plain));
    },
    decode(bytes) {
      const message = JSON.parse(decoder.decode(bytes));
      const text = message.value?.base64;
      if (text !== undefined) message.value = base64.to(text);
      return message;
    },
  };
}

/** @param {(message: any) => Uint8Array} encode any: messages of all types */
const ours = (encode) => async () => {
  await ready();
  return { encode, decode };
};

/** @type {CodecEntry[]} */
export const CODECS = [
  { name: OURS, open: ours(encode) },
  { name: `${OURS}, lent until the next call`, isLent: true, open: ours(encodeLent) },
  {
    name: CORE,
    cannotEncode: ['SNAPSHOT 1000'],
    open: () => ({ encode: coreEncode, decode: coreDecode }),
  },
  { name: 'msgpackr', open: () => msgpackr({ useRecords: false }) },
  { name: 'msgpackr, shared records', open: () => msgpackr({ structures: [] }) },
  { name: 'cbor-x', open: () => cborx({ useRecords: false }) },
  { name: 'cbor-x, shared structures', open: () => cborx({ structures: [] }) },
  { name: JSON_TEXT, isText: true, open: json },
];

/** @param {boolean} is */
const active = (is) => (is ? 'active' : 'not active');

/** What has to be known to read the figures. */
export const CODEC_NOTES = [
  `Native string extractors: msgpackr's ${active(isMsgpackrNative)}, cbor-x's ${active(isCborNative)}.`,
  'msgpackr and cbor-x give views of pools that they fill once: such bytes may be kept, and are not copied.',
  `${CORE} cannot encode a SNAPSHOT of more than 4,096 bytes.`,
  'JSON carries bytes as base64. Decoded bytes are what each library gives, views of the message where it gives views.',
];
