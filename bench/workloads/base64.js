/** Base64 by the fastest means that the environment has. */

/** @typedef {{from: (bytes: Uint8Array) => string, to: (text: string) => Uint8Array}} Base64 */

/** @type {Base64} */
const byNode = {
  from: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'),
  to: (text) => Buffer.from(text, 'base64'),
};

/** Uint8Array's own methods, where they are there already. @type {Base64} */
const byEngine = {
  from: (bytes) => /** @type {any} newer than the types */ (bytes).toBase64(),
  to: (text) => /** @type {any} newer than the types */ (Uint8Array).fromBase64(text),
};

export const base64 = typeof Buffer === 'undefined' ? byEngine : byNode;
