/** The suite `codec`: messages to bytes, and back. */
import { encode as ourEncode, ready } from '../../web/codec.js';
import { CODEC_NOTES, CODECS, CORE, JSON_TEXT, OURS } from './codecs.js';
import { holds, ownCopy } from './measure.js';
import { KINDS, messagesOf } from './messages.js';

/** @typedef {import('./codecs.js').Codec} Codec */
/** @typedef {import('./codecs.js').CodecEntry} CodecEntry */
/** @typedef {import('./measure.js').Case} Case */
/** @typedef {import('./measure.js').Goal} Goal */
/** @typedef {import('./messages.js').Kind} Kind */

const BINARY = CODECS.filter((it) => !it.isText && !it.name.startsWith(OURS)).map((it) => it.name);
const OTHERS = [...BINARY, JSON_TEXT];

/** @param {string[]} rivals @param {number} factor @returns {Goal} */
const atLeast = (factor, rivals) => ({ of: OURS, rivals, factor });

const FAST = [atLeast(2, BINARY), { ...atLeast(1, [JSON_TEXT]), isAbove: true }];
const FASTER = [...FAST, atLeast(20, [CORE])];
const MIXED = [atLeast(1.3, OTHERS)];

/** What this project asks of itself. @type {Record<string, {encode: Goal[], decode: Goal[]}>} */
const GOALS = {
  'SET float': { encode: FASTER, decode: MIXED },
  'PUBLISH stream': { encode: FASTER, decode: MIXED },
  'PUBLISH event map': { encode: MIXED, decode: [atLeast(1.1, OTHERS)] },
  'PUBLISH 1 KB bytes': { encode: MIXED, decode: [atLeast(1.1, OTHERS)] },
  'BUNDLE 64': { encode: FASTER, decode: MIXED },
  'SNAPSHOT 64': { encode: FAST, decode: MIXED },
  'SNAPSHOT 1000': { encode: FAST, decode: MIXED },
};

/**
 * @param {Codec['encode']} encode
 * @param {any[]} messages
 * @param {number} count
 */
function encodeLoop(encode, messages, count) {
  const mask = messages.length - 1;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const bytes = encode(messages[i & mask]);
    sum += bytes.length + bytes[bytes.length - 1];
  }
  return sum;
}

/**
 * @param {Codec['decode']} decode
 * @param {Kind['read']} read
 * @param {Uint8Array[]} frames
 * @param {number} count
 */
function decodeLoop(decode, read, frames, count) {
  const mask = frames.length - 1;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += read(decode(frames[i & mask]));
  return sum;
}

/**
 * Encode all messages, and decode them when all are encoded: so bytes that do not stay what they were are found out.
 * @param {CodecEntry} entry
 * @param {Codec} codec
 * @param {any[]} messages
 * @returns {Uint8Array[]} the messages encoded, each in memory of its own, as if it had arrived
 * @throws {Error} when something else comes back than went in
 */
function framesOf({ name, isLent }, { encode, decode }, messages) {
  const kept = messages.map((message) => (isLent ? encode(message).slice() : encode(message)));
  const frames = kept.map((bytes) => new Uint8Array(bytes));
  const wrong = frames.findIndex((frame, i) => !holds(messages[i], decode(frame)));
  if (wrong >= 0) throw new Error(`${name} makes something else of ${messages[wrong].type}`);
  return frames;
}

/** @param {Kind} kind @param {any[]} messages @returns {Case} */
function encodeCase({ name }, messages) {
  return {
    name: `encode ${name}`,
    goals: GOALS[name].encode,
    contestants: CODECS.filter((entry) => !entry.cannotEncode?.includes(name)).map((entry) => ({
      name: entry.name,
      async open() {
        const codec = await entry.open();
        framesOf(entry, codec, messages);
        const loop = ownCopy(encodeLoop);
        return { run: (count) => loop(codec.encode, messages, count) };
      },
    })),
  };
}

/** @param {Kind} kind @param {any[]} messages @returns {Case} */
function decodeCase({ name, read }, messages) {
  return {
    name: `decode ${name}`,
    goals: GOALS[name].decode,
    contestants: CODECS.filter((entry) => !entry.isLent).map((entry) => ({
      name: entry.name,
      async open() {
        const codec = await entry.open();
        await ready();
        const by = entry.cannotEncode?.includes(name) ? { ...codec, encode: ourEncode } : codec;
        const frames = framesOf(entry, by, messages);
        const [loop, itsRead] = [ownCopy(decodeLoop), ownCopy(read)];
        return { run: (count) => loop(codec.decode, itsRead, frames, count) };
      },
    })),
  };
}

/** @returns {{cases: Case[], notes: string[]}} */
export function codec() {
  const kinds = KINDS.map((kind) => ({ kind, messages: messagesOf(kind) }));
  return {
    cases: [encodeCase, decodeCase].flatMap((make) =>
      kinds.map(({ kind, messages }) => make(kind, messages)),
    ),
    notes: CODEC_NOTES,
  };
}
