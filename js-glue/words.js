const encoder = new TextEncoder();

/**
 * A text as far as there is room for it.
 * @param {string} text
 * @param {number} max bytes of UTF-8
 */
export function cut(text, max) {
  const { read } = encoder.encodeInto(text, new Uint8Array(max));
  return text.slice(0, read);
}
