/** What a hostile client can make a relay hold, asked from the relay's own process; and what others notice of it. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { encode, ready } from '../../web/codec.js';
import { Client, PING, TYPE, errorCode, publish, subscribe } from './relay-client.js';

const MIB = 1 << 20;
const FLOOD = 100_000;
const PARAMS = 10_000; // the relay's bound
const PENDING = 4096; // connections without HELLO, of all addresses
const HALF_OPEN = 10_000;
const LIMITED = { timeout: 120_000 }; // it fails, and does not hang

/** What a parent asks a child is one word, and so is the way it is answered. @param {import('node:child_process').ChildProcess} child */
async function ask(child) {
  child.send('?');
  return (await once(child, 'message'))[0];
}

/**
 * @param {string} file beside this one
 * @param {string[]} args
 */
async function start(file, ...args) {
  const child = fork(new URL(file, import.meta.url), args, { execArgv: ['--expose-gc'] });
  const [first] = await once(child, 'message');
  return {
    first,
    ask: () => ask(child),
    async stop() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

/**
 * A relay in a process of its own for one test.
 * @param {import('node:test').TestContext} context
 * @param {import('../../relay/index.js').RelayOptions} options
 */
async function measuredRelay(context, options) {
  const relay = await start('relay-measured.js', JSON.stringify(options));
  context.after(relay.stop);
  const before = (await relay.ask()).memory;
  return {
    url: `ws://127.0.0.1:${relay.first.port}`,
    port: relay.first.port,
    async stats() {
      return (await relay.ask()).stats;
    },
    /** Bytes that it holds more than at the beginning, what was collected not counted. */
    async grown() {
      const { memory } = await relay.ask();
      const held = (/** @type {typeof memory} */ it) => it.heapUsed + it.external;
      return { held: held(memory) - held(before), resident: memory.rss - before.rss };
    },
  };
}

/**
 * Send many messages, no faster than the socket takes them; resolved when the relay has taken all.
 * @param {Client} client
 * @param {number} count
 * @param {(i: number) => Uint8Array} message
 */
async function pour(client, count, message) {
  for (let i = 0; i < count; i++) {
    client.ws.send(message(i));
    while (client.ws.bufferedAmount > MIB) await turn();
  }
  client.ws.send(PING);
  await client.next(TYPE.PONG);
}

/** @param {Client} client */
async function works(client) {
  client.ws.send(PING);
  await client.next(TYPE.PONG);
}

await ready();

test(
  'a flood of addresses leaves the params at their cap and the memory bounded',
  LIMITED,
  async (context) => {
    const relay = await measuredRelay(context, { messagesPerSecond: 1_000_000 });
    const client = await Client.join(relay.url);
    await pour(client, FLOOD, (i) =>
      encode({ type: 'SET', address: `/flood/${i}/level`, value: i }),
    );
    assert.equal((await relay.stats()).params, PARAMS);
    await pour(client, FLOOD, (i) =>
      encode({ type: 'PUBLISH', address: `/flood/${i}/event`, value: i }),
    );
    const stats = await relay.stats();
    assert.equal(stats.params, PARAMS);
    assert.equal(stats.sets_total, FLOOD);
    assert.equal(stats.publishes_total, FLOOD);
    // 10,000 small params, the journal (4.4 MiB, and its old block) and 16,384 routes of short addresses
    const { held } = await relay.grown();
    assert.ok(held < 32 * MIB, `${held / MIB} MiB`);
    client.ws.terminate();
  },
);

test(
  'a flood of the largest params stays under the bounds of params, journal and routes',
  LIMITED,
  async (context) => {
    const relay = await measuredRelay(context, { messagesPerSecond: 1_000_000 });
    const client = await Client.join(relay.url);
    const value = new Uint8Array(60_000);
    await pour(client, 3000, (i) => encode({ type: 'SET', address: `/large/${i}`, value }));
    const { params } = await relay.stats();
    assert.ok(params > 400 && params * 60_000 < 32 * MIB, `${params} params`);
    const { held } = await relay.grown();
    assert.ok(
      held < 80 * MIB,
      `${held / MIB} MiB for 32 of params and 4.4 of the journal, blocks of both doubled`,
    );
    client.ws.terminate();
  },
);

/**
 * Publish numbers to who reads and to who does not: never so far ahead that the one who reads would lose any.
 * @param {Client} sender
 * @param {Client} quick
 * @param {number} count
 * @param {number} size bytes of each
 */
async function film(sender, quick, count, size) {
  /** @type {number[]} */ const seen = [];
  quick.ws.on('message', (/** @type {Buffer} */ data) => {
    if (data[4] === TYPE.PUBLISH) seen.push(data.readUInt32BE(data.length - 4));
  });
  for (let i = 0; i < count; i++) {
    const bytes = Buffer.alloc(size);
    bytes.writeUInt32BE(i, size - 4);
    sender.ws.send(publish('/film', bytes));
    while (i - seen.length > MIB / 2 / size) await once(quick.ws, 'message');
  }
  while (seen.length < count) await once(quick.ws, 'message');
  quick.ws.removeAllListeners('message');
  assert.ok(
    seen.every((number, i) => number === i),
    'who reads gets all, in order',
  );
}

test(
  'readers that do not read lose messages alone, hold no more than they may, and are told 503',
  LIMITED,
  async (context) => {
    const maxBuffered = 2 * MIB;
    const relay = await measuredRelay(context, { messagesPerSecond: 1_000_000, maxBuffered });
    const join = () => Client.join(relay.url);
    const [sender, quick, ...slow] = await Promise.all(Array.from({ length: 6 }, join));
    for (const client of [quick, ...slow]) {
      client.ws.send(subscribe('/film'));
      await works(client);
    }
    slow.forEach((client) => client.ws.pause());
    await film(sender, quick, 250, 60_000); // more than the kernel holds, so that the rest waits in the relay
    await film(sender, quick, 100_000, 4); // what small messages cost beside their bytes is bounded, too
    const { held } = await relay.grown();
    assert.ok(held < slow.length * (maxBuffered + MIB) + 12 * MIB, `${held / MIB} MiB`);
    slow.forEach((client) => client.ws.resume());
    for (const client of slow) assert.equal(errorCode(await client.next(TYPE.ERROR)), 503);
    for (const client of slow) await works(client);
    assert.ok((await relay.stats()).left_out_total > 0);
    for (const client of [sender, quick, ...slow]) client.ws.terminate();
  },
);

test(
  'a client that takes nothing is cut off when its time is over, and holds nothing then',
  LIMITED,
  async (context) => {
    const relay = await measuredRelay(context, { messagesPerSecond: 1_000_000, slowTimeout: 500 });
    const [sender, slow] = await Promise.all([Client.join(relay.url), Client.join(relay.url)]);
    slow.ws.send(subscribe('/film'));
    await works(slow);
    slow.ws.pause();
    const gone = Promise.race([slow.closed, once(slow.ws, 'error')]);
    await pour(sender, 400, () => publish('/film', Buffer.alloc(60_000)));
    while ((await relay.stats()).sessions > 1) await turn();
    slow.ws.resume();
    await gone;
    await works(sender);
    const { held } = await relay.grown();
    assert.ok(held < 16 * MIB, `${held / MIB} MiB: the journal, and what it doubled`);
    sender.ws.terminate();
  },
);

test(
  'WebSocket pings whose answers nobody reads are not answered without end',
  LIMITED,
  async (context) => {
    const relay = await measuredRelay(context, {});
    const [attacker, other] = await Promise.all([Client.join(relay.url), Client.join(relay.url)]);
    attacker.ws.pause();
    const payload = Buffer.alloc(125);
    for (let i = 0; i < 60_000; i++) {
      attacker.ws.ping(payload);
      while (attacker.ws.bufferedAmount > MIB) await turn();
    }
    await works(other);
    const { held } = await relay.grown();
    assert.ok(held < 4 * MIB, `${held / MIB} MiB`);
    attacker.ws.terminate();
    other.ws.terminate();
  },
);

test(
  'ten thousand half-open handshakes hold some sockets, and a client comes in all the same',
  LIMITED,
  async (context) => {
    const relay = await measuredRelay(context, { handshakeTimeout: 60_000 });
    const attacker = await start('half-open.js', String(relay.port), String(HALF_OPEN));
    context.after(attacker.stop);
    const client = await Client.join(relay.url);
    await works(client);
    while ((await attacker.ask()).held > PENDING) await turn();
    const { pending_refused_total: refused, sessions_refused_total: unwelcome } =
      await relay.stats();
    assert.ok(refused + unwelcome >= HALF_OPEN - PENDING, `${refused} and ${unwelcome} refused`);
    const { resident } = await relay.grown();
    // 8 KiB of headers each, what the kernel does not count; a socket and its parser are some 20 KiB in Node
    assert.ok(resident < PENDING * 40 * 1024, `${resident / MIB} MiB`);
    client.ws.send(subscribe('/lamp'));
    await works(client);
    const sender = await Client.join(relay.url);
    sender.ws.send(publish('/lamp', Buffer.from('on')));
    await client.next(TYPE.PUBLISH);
    client.ws.terminate();
    sender.ws.terminate();
  },
);
