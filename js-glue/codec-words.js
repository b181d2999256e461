/** Ids of texts that were written before, addresses and keys: the core has those texts as they are on the wire (src/codec/codec.h). */
import { WORDS, WORD_MAX } from './codec.gen.js';
import { WORDS_AT, u8, view } from './codec-memory.js';

const WORD_SHIFT = 6; // of sizeof(clasp_word)

const encoder = new TextEncoder();

/** Ids, + 1. @type {Map<string, number>} */
const words = new Map();

/** The texts, by id + 1, and which one came after each the last time. @type {string[]} */
const texts = [''];
const nextWords = new Uint16Array(WORDS + 1);
let lastAddress = 0; // words
let lastKey = 0;

/** Goes up when all ids are given anew. */
export let generation = 0;

/**
 * A new id for a text, + 1; 0 for one that is too long, or when all are given away: they are forgotten before the next message.
 * @param {string} text
 */
function newWord(text) {
  if (text.length > WORD_MAX || words.size === WORDS) return 0;
  const at = WORDS_AT + (words.size << WORD_SHIFT);
  const { read, written } = encoder.encodeInto(text, u8.subarray(at + 2, at + 2 + WORD_MAX));
  if (read < text.length) return 0;
  view.setUint16(at, written);
  words.set(text, words.size + 1);
  texts.push(text);
  return words.size;
}

/** When all ids are given away they may be given anew; before a message, and not in the midst of one. */
export function forgetIfFull() {
  if (words.size < WORDS) return;
  words.clear();
  texts.length = 1;
  nextWords.fill(0);
  lastAddress = lastKey = 0;
  generation++;
}

/**
 * Messages of one kind have the same addresses one after the other, and the same keys, so the text that followed the last time is
 * looked at first.
 * @param {string} text
 * @param {number} last word before it
 * @returns {number} id + 1, or 0
 */
function wordOf(text, last) {
  const next = nextWords[last];
  if (texts[next] === text && next !== 0) return next;
  const word = words.get(text) ?? newWord(text);
  nextWords[last] = word;
  return word;
}

/** @param {string} address @returns {number} id + 1; 0: none, write it out */
export const addressWord = (address) => (lastAddress = wordOf(address, lastAddress));

/** @param {string} key @returns {number} as addressWord() */
export const keyWord = (key) => (lastKey = wordOf(key, lastKey));

/** As addressWord(), but makes none. @param {unknown} address */
export function knownAddress(address) {
  const next = nextWords[lastAddress];
  if (texts[next] === address && next !== 0) return (lastAddress = next);
  const word = words.get(/** @type {string} */ (address));
  if (word === undefined) return 0;
  nextWords[lastAddress] = word;
  return (lastAddress = word);
}
