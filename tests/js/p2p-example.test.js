/** The example of the peers, in two processes, by the commands that its document shows. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRelay } from '../../relay/index.js';
import { ROOT } from '../../scripts/lib/process.mjs';
import { Command } from './cli-process.js';

const PROGRAM = 'p2p-webrtc.js';
const PORT = '7330';
const WITHOUT_SERVERS = new URL('./without-servers.js', import.meta.url).href;

/** The example as it stands, but for the port, where it knows the package by its name. @param {import('node:test').TestContext} t @param {number} port */
async function programFor(t, port) {
  await mkdir(join(ROOT, 'build'), { recursive: true });
  const folder = await mkdtemp(join(ROOT, 'build', 'example-'));
  t.after(() => rm(folder, { recursive: true }));
  const text = await readFile(join(ROOT, 'examples', PROGRAM), 'utf8');
  assert.ok(text.includes(`:${PORT}`));
  await writeFile(join(folder, PROGRAM), text.replace(PORT, String(port)));
  return folder;
}

/** Two of the example that are connected. @param {import('node:test').TestContext} t @param {number} [patience] */
async function twoOf(t, patience) {
  const relay = await startRelay({ port: 0 });
  t.after(() => relay.close());
  const cwd = await programFor(t, relay.port);
  const run = (/** @type {Record<string, string>} */ env) => {
    const all = { ...env, NODE_OPTIONS: `--import=${WITHOUT_SERVERS}` };
    const command = new Command([], all, { program: PROGRAM, cwd, patience });
    t.after(() => command.child.kill('SIGKILL'));
    return command;
  };
  const a = run({ PEER_ID: 'peer-a' });
  await a.says('out', 'Found 0 peer(s)');
  const b = run({ PEER_ID: 'peer-b', CONNECT_TO: 'peer-a' });
  await b.says('out', 'Peer connected: peer-a');
  await a.says('out', 'Peer connected: peer-b');
  return { a, b };
}

test('the example runs in two terminals: they find each other, greet, and stream', async (t) => {
  const { a, b } = await twoOf(t);
  await b.says('out', 'Found 1 peer(s)');
  await a.says('out', '[peer-b] /chat/greeting: Hello from peer-b!');
  await a.says('out', /\[peer-b\] Accel: x=-?\d\.\d+, y=-?\d\.\d+, z=-?\d\.\d+/);
  assert.equal(a.err + b.err, '');
});

test('Ctrl-C of one is a goodbye to the other', async (t) => {
  const { a, b } = await twoOf(t);
  b.child.kill('SIGINT');
  assert.equal((await b.ended).code, 0);
  await a.says('out', 'Peer disconnected: peer-b');
  assert.equal(a.err + b.err, '');
});

test('one that is killed without a word is given up by the other, which goes on', async (t) => {
  const { a, b } = await twoOf(t, 60_000);
  a.child.kill('SIGKILL');
  await b.says('out', 'Peer disconnected: peer-a');
  b.child.kill('SIGINT');
  assert.equal((await b.ended).code, 0);
  assert.equal(b.err, '');
});
