/** The examples of docs/peers.md on what finds peers, and on the hybrid client, as they stand there but for the port: in Node. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRelay } from '../../relay/index.js';
import { ROOT } from '../../scripts/lib/process.mjs';
import { Clasp, P2PManager } from '../../web/index.js';
import { Command } from './cli-process.js';
import { Network, told } from './peers-support.js';

/** @typedef {import('node:test').TestContext} Test */

const PORT = '7330';
const PROGRAM = 'example.mjs';
const WITHOUT_SERVERS = new URL('./without-servers.js', import.meta.url).href;

/** The one block of JavaScript of a section. @param {string} heading of the second level */
function exampleOf(heading) {
  const guide = readFileSync(join(ROOT, 'docs', 'peers.md'), 'utf8');
  const [, section] = guide.split(`\n## ${heading}\n`);
  assert.ok(section, `no heading "${heading}"`);
  const blocks = [...section.split('\n## ')[0].matchAll(/^```js\n([^]*?)^```$/gm)];
  assert.equal(blocks.length, 1, 'an example that is not tried here');
  return blocks[0][1];
}

/** Run an example where it knows the package by its name. @param {Test} t @param {string} text @param {number} port */
async function runs(t, text, port) {
  await mkdir(join(ROOT, 'build'), { recursive: true });
  const cwd = await mkdtemp(join(ROOT, 'build', 'example-'));
  t.after(() => rm(cwd, { recursive: true }));
  assert.ok(text.includes(`:${PORT}`));
  await writeFile(join(cwd, PROGRAM), text.replaceAll(PORT, String(port)));
  const env = { NODE_OPTIONS: `--import=${WITHOUT_SERVERS}` };
  const command = new Command([], env, { program: PROGRAM, cwd });
  t.after(() => command.child.kill('SIGKILL'));
  return command;
}

test('P2PManager: one that registers, discovers, connects and speaks', async (t) => {
  const relay = await startRelay({ port: 0 });
  t.after(() => relay.close());
  const rendezvousUrl = relay.url.replace('ws', 'http');
  const a = new P2PManager({ peerId: 'peer-a', rendezvousUrl, rtc: new Network().rtc });
  t.after(() => a.close());
  await a.register({ tags: ['demo'], metadata: { name: 'Peer A' } });
  const connected = told(a, 'connection');
  const program = await runs(t, exampleOf('P2PManager'), relay.port);
  await program.says('out', 'peer-a Peer A');
  const [peer] = await connected;
  assert.equal(peer.id, 'peer-b');
  const [[greeting], [accel]] = await Promise.all([
    told(peer, '/chat/greeting'),
    told(peer, '/sensor/accel'),
  ]);
  assert.equal(greeting, 'Hello!');
  assert.deepEqual(accel, { x: 0.1, y: -0.3, z: 9.8 });
  peer.set('/chat/answer', 'Hello, too!');
  await program.says('out', 'peer-a /chat/answer: Hello, too!');
  await a.close();
  await program.says('out', 'peer-a has left');
  assert.equal(program.err, '');
});

test('the hybrid client: one whose messages to a peer go by the router, and then directly', async (t) => {
  const relay = await startRelay({ port: 0 });
  t.after(() => relay.close());
  const options = { clientId: 'browser-2', rtc: new Network().rtc };
  const client = await Clasp.builder(relay.url).withP2P(options).connect();
  t.after(() => client.close());
  const heard = told(client, '/peer/browser-2/value');
  const program = await runs(t, exampleOf('The hybrid client'), relay.port);
  assert.deepEqual((await heard).slice(0, 2), [42, '/peer/browser-2/value']);
  await program.says('out', /^(router|p2p)$/m);
  await program.says('out', /^browser-2 p2p host$/m);
  await client.set('/peer/browser-1/answer', 'hello');
  await program.says('out', '/peer/browser-1/answer hello');
  assert.equal(program.err, '');
});
