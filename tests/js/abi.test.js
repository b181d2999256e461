import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import * as abi from '../../js-glue/abi.gen.js';
import { ClaspError } from '../../js-glue/error.js';
import { OPERATIONS } from '../../js-glue/recorder.js';

const DOOR = [
  'abi_version',
  'seed',
  'inbox',
  'outbox',
  'outbox_count',
  'outbox_bytes',
  'outbox_clear',
  'deadline',
  'tick',
];
const SESSION = ['session_new', 'session_free', 'session_event'];
const CONFERENCE = ['conference_new', 'conference_free', 'conference_event'];
const P2P = ['new', 'free', 'event', 'received', 'address', 'generation', 'number', 'value']
  .concat(['flush', 'buffered', 'stat'])
  .map((name) => `p2p_${name}`);
const SOCKET = ['socket_open', 'socket_send', 'socket_close', 'socket_pending'];
const HUB = [
  'hub_start',
  'hub_tokens',
  'hub_check_scope',
  'hub_is_admin',
  'hub_connected',
  'hub_disconnected',
  'hub_received',
  'hub_left_out',
  'hub_stat',
];
const RENDEZVOUS = ['start', 'register', 'discover', 'refresh', 'unregister', 'stat'].map(
  (name) => `rendezvous_${name}`,
);
const CODEC = ['abi_version', 'codec_part', 'codec_room', 'codec_unpack', 'codec_pack']
  .concat(['codec_match', 'codec_check'])
  .concat(['new', 'free', 'add', 'remove', 'run'].map((name) => `dispatcher_${name}`));
const EMSCRIPTEN = [
  'memory',
  '__indirect_function_table',
  '__wasm_call_ctors',
  'malloc',
  'free',
].concat(['stackSave', 'stackRestore', 'stackAlloc']);
const GROWTH = ['emscripten_resize_heap']; // malloc's way to more memory
const COPY = 'emscripten_memcpy_big'; // of more than 512 bytes
const WEBSOCKET = ['new', 'send_binary', 'close', 'delete']
  .concat(['onopen', 'onmessage', 'onclose'].map((name) => `set_${name}_callback_on_thread`))
  .map((name) => `emscripten_websocket_${name}`);

/** @param {string} name */
async function moduleOf(name) {
  return WebAssembly.compile(await readFile(new URL(`../../dist/${name}.wasm`, import.meta.url)));
}

/** @param {{name: string}[]} entries */
const names = (entries) => entries.map(({ name }) => name).sort();

for (const [name, whose, own, imports] of [
  ['clasp', 'page', [...SESSION, ...CONFERENCE], GROWTH],
  ['clasp-client', 'client', SESSION, GROWTH],
  ['clasp-peer', 'peers', [...SESSION, ...P2P], [COPY, ...GROWTH]],
]) {
  test(`the ${whose}’s module has exactly these exports and imports`, async () => {
    const module = await moduleOf(/** @type {string} */ (name));
    const exports = names(WebAssembly.Module.exports(module)).filter(
      (it) => !it.startsWith('dynCall_'),
    );
    assert.deepEqual(exports, [...DOOR, ...own, ...SOCKET, ...EMSCRIPTEN].sort());
    assert.deepEqual(names(WebAssembly.Module.imports(module)), [...imports, ...WEBSOCKET].sort());
  });
}

for (const [name, whose, own, imports] of [
  ['clasp-hub', 'relay', [...DOOR, ...HUB, ...RENDEZVOUS], GROWTH],
  ['clasp-codec', 'codec', CODEC, [COPY, ...GROWTH]],
]) {
  test(`the ${whose}’s module has exactly these exports and imports`, async () => {
    const module = await moduleOf(/** @type {string} */ (name));
    const kept = ['memory', '__wasm_call_ctors'];
    const exports = names(WebAssembly.Module.exports(module)).filter(
      (it) => kept.includes(it) || !(EMSCRIPTEN.includes(it) || it.startsWith('dynCall_')),
    );
    assert.deepEqual(exports, [...own, ...kept].sort());
    assert.deepEqual(names(WebAssembly.Module.imports(module)), imports);
  });
}

test('every result of the core is a ClaspError with its own code and words', () => {
  for (const [code, value] of Object.entries(abi.ERR)) {
    if (value >= 0) continue;
    const error = ClaspError.of(value);
    assert.equal(error.code, code);
    assert.equal(error.message, /** @type {Record<string, string>} */ (abi.ERR_TEXT)[code]);
  }
});

test('a recording can name every call of a session or conference', () => {
  assert.deepEqual([...OPERATIONS].sort(), ['seed', 'tick', ...SESSION, ...CONFERENCE].sort());
});

test('the lists of the headers reach JavaScript as numbers', () => {
  const isObject = (/** @type {unknown} */ value) => typeof value === 'object'; // SESSION_STATE
  const begin = (/** @type {string} */ prefix) =>
    Object.entries(abi).filter(([name, value]) => name.startsWith(prefix) && !isObject(value));
  const [effects, sessionEvents] = [begin('EFFECT_'), begin('SESSION_')];
  for (const list of [
    Object.fromEntries(effects),
    Object.fromEntries(sessionEvents),
    abi.CONFERENCE_EVENT,
    abi.LINK_EVENT,
    abi.VALUE,
    abi.ROLE,
    abi.SIGNAL,
  ]) {
    const values = Object.values(list);
    assert.ok(values.length > 1 && values.every(Number.isInteger));
    assert.equal(new Set(values).size, values.length);
  }
  assert.equal(abi.FRAME_MAX, 65547);
});
