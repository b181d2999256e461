import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CONFERENCE_EVENT, EFFECT_SIGNAL, ERR, ROLE } from '../../js-glue/abi.gen.js';
import { CONFERENCE } from '../../js-glue/conference-module.js';
import { Core, textOf } from '../../js-glue/core.js';
import { record } from '../../js-glue/recorder.js';
import { build } from '../../scripts/lib/cmake.mjs';

const WASM = fileURLToPath(CONFERENCE.wasm());

/** @typedef {import('../../js-glue/core.js').Effect} Effect */

/**
 * A started conference, until the test is over, and what it wants.
 * @param {import('node:test').TestContext} t
 * @param {Core} core
 * @param {string} id
 * @param {(effect: Effect) => void} signalled
 */
function conference(t, core, id, signalled) {
  const handle = core.call('conference_new', ROLE.RECEIVER);
  t.after(() => core.call('conference_free', handle));
  core.own(handle, { [EFFECT_SIGNAL]: signalled });
  assert.equal(
    core.conference(handle, CONFERENCE_EVENT.START, 0, 0, JSON.stringify({ id })),
    ERR.OK,
  );
  return handle;
}

/**
 * Serves one answer to whoever asks.
 * @param {import('node:test').TestContext} t
 * @param {number} status
 * @param {string} type
 * @param {Uint8Array | string} body
 */
async function serve(t, status, type, body) {
  const server = createServer((_request, response) =>
    response.writeHead(status, { 'content-type': type }).end(body),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return `http://127.0.0.1:${port}/clasp.wasm`;
}

test('the core loads from beside the package, from bytes, from a module and from a URL', async (t) => {
  const bytes = await readFile(WASM);
  const module = await WebAssembly.compile(bytes);
  const url = await serve(t, 200, 'application/wasm', bytes);
  for (const options of [{}, { bytes }, { module }, { url }]) {
    const core = await Core.open(CONFERENCE, options);
    assert.ok(core.call('session_new') > 0);
  }
});

test('a server that calls wasm something else is put up with', async (t) => {
  const url = await serve(t, 200, 'application/octet-stream', await readFile(WASM));
  assert.ok((await Core.open(CONFERENCE, { url })).call('session_new') > 0);
});

test('what cannot be loaded is LOAD, and says why', async (t) => {
  const missing = await serve(t, 404, 'text/html', '<p>none</p>');
  await assert.rejects(Core.open(CONFERENCE, { url: missing }), { code: 'LOAD', message: /404/ });
  const page = await serve(t, 200, 'text/html', '<!doctype html>');
  await assert.rejects(Core.open(CONFERENCE, { url: page }), { code: 'LOAD', message: /magic/ });
});

test('a handle that was freed is refused, also when its slot is used again', async () => {
  const core = await Core.open(CONFERENCE);
  const first = core.call('conference_new', ROLE.SENDER);
  assert.equal(core.call('conference_free', first), ERR.OK);
  const second = core.call('conference_new', ROLE.SENDER);
  assert.notEqual(first, second);
  assert.equal(core.conference(first, CONFERENCE_EVENT.STOP), ERR.BAD_HANDLE);
  assert.equal(core.call('session_free', second), ERR.BAD_HANDLE);
  assert.equal(core.conference(second, CONFERENCE_EVENT.STOP), ERR.OK);
});

test('conferences are bounded, and make room when they go', async () => {
  const core = await Core.open(CONFERENCE);
  const handles = Array.from({ length: 64 }, () => core.call('conference_new', ROLE.SENDER));
  assert.equal(new Set(handles).size, 64);
  assert.ok(handles.every((handle) => handle > 0));
  assert.equal(core.call('conference_new', ROLE.SENDER), ERR.LIMIT);
  core.call('conference_free', handles[7]);
  assert.ok(core.call('conference_new', ROLE.SENDER) > 0);
});

test('an input over the inbox’s bound is TOO_LARGE, and the core goes on', async () => {
  const core = await Core.open(CONFERENCE);
  assert.throws(() => core.put(new Uint8Array((17 << 20) + 1)), { code: 'TOO_LARGE' });
  const handle = core.call('conference_new', ROLE.SENDER);
  const large = JSON.stringify({ id: 'x', state: 'y'.repeat(300_000) });
  assert.equal(core.conference(handle, CONFERENCE_EVENT.START, 0, 0, large), ERR.TOO_LARGE);
  assert.equal(core.conference(handle, CONFERENCE_EVENT.START, 0, 0, '{"id":"x"}'), ERR.OK);
  assert.equal(core.conference(handle, CONFERENCE_EVENT.STOP), ERR.OK);
});

test('a handler may call the core: its effects come after those that wait, and nothing is overwritten', async (t) => {
  const core = await Core.open(CONFERENCE);
  /** @type {string[]} */
  const seen = [];
  const other = conference(t, core, 'other', ({ bytes, a }) =>
    seen.push(`other ${a} ${textOf(bytes).length > 0}`),
  );
  seen.length = 0;
  const invoke = JSON.stringify({ type: 'invoke', id: 'sender', ext: 1 });
  conference(t, core, 'first', (effect) => {
    core.conference(other, CONFERENCE_EVENT.SIGNAL, 0, 0, invoke);
    seen.push(`first ${textOf(effect.bytes.subarray(effect.a))}`);
  });
  assert.equal(seen.length, 2);
  assert.match(seen[0], /^first \{"type":"invoke","id":"first"/);
  assert.equal(seen[1], 'other 6 true');
});

test('the one timer wakes the core: an unanswered invoke is repeated by itself', async (t) => {
  const core = await Core.open(CONFERENCE);
  const repeated = new Promise((resolve) => {
    let count = 0;
    conference(t, core, 'me', () => void (++count === 2 && resolve(true)));
  });
  assert.equal(await repeated, true);
});

/**
 * Some calls of every kind, recorded.
 * @returns {Promise<Uint8Array>}
 */
async function someRecording() {
  const core = await Core.open(CONFERENCE);
  const taken = record(core);
  const sender = core.call('conference_new', ROLE.SENDER);
  const state = JSON.stringify({ id: 'S', state: { text: 'aé😀', list: [1, 2.5, null] } });
  core.conference(sender, CONFERENCE_EVENT.START, 0, 0, state);
  for (let i = 0; i < 5; i++) {
    core.conference(
      sender,
      CONFERENCE_EVENT.SIGNAL,
      0,
      0,
      JSON.stringify({ type: 'invoke', id: `R${i}`, ext: 1 }),
    );
  }
  core.conference(sender, CONFERENCE_EVENT.SIGNAL, 0, 0, '{"type":');
  core.conference(sender, CONFERENCE_EVENT.STOP);
  core.call('conference_free', sender);
  core.call('session_free', core.call('session_new'));
  return taken();
}

test('a recording replays natively, call for call and byte for byte', async (t) => {
  const replay = join(await build('native-debug', 'replay'), 'tests', 'c', 'replay');
  const folder = await mkdtemp(join(tmpdir(), 'clasp-'));
  t.after(() => rm(folder, { recursive: true }));
  const good = join(folder, 'good');
  const recording = await someRecording();
  await writeFile(good, recording);
  const run = promisify(execFile);
  const { stdout } = await run(replay, [good]);
  assert.match(stdout, /13 calls, \d+ effects identical\n$/);
  const bad = join(folder, 'bad');
  recording[recording.lastIndexOf('S'.charCodeAt(0))] ^= 1; // in a document that an effect carries
  await writeFile(bad, recording);
  await assert.rejects(run(replay, [good, bad]), { code: 1, stdout: /identical\n[^]*differ/ });
});

test('a core that was used already is not recorded', async () => {
  const core = await Core.open(CONFERENCE);
  core.call('session_new');
  assert.throws(() => record(core), { code: 'BAD_STATE' });
});
