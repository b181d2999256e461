/** Everything that a peer can say to another one, and the other one's saying it back. Runs in pages of any make, and in Node. */

/** @typedef {import('../../../web/peer.js').Peer} Peer */

const VALUES = [null, true, -1.5, 'grüß 👋', [1, [2]], { a: { b: 'c' } }, Uint8Array.of(0, 255)];
const LARGE = 1_500_000; // bytes: many pieces, larger than any frame
const PIPED = 1_000_000; // bytes: more than a pipe's credit
const CHUNK = 100_000;
const RAW = ['grüß 👋', Uint8Array.of(0x45, 1, 2)]; // the second begins as CLASP's own do
const REPEAT_MS = 20;

/** What exchange() gives where nothing is lost or changed. */
export const EXCHANGED = {
  values: plain(VALUES),
  got: 42,
  streamed: ['passing', 7],
  large: digest(pattern(LARGE)),
  channel: { ordered: true, maxRetransmits: null, raw: plain(RAW), under: 'by its channel' },
  piped: digest(pattern(PIPED)),
};

/**
 * Say back whatever comes.
 * @param {Peer} peer
 * @param {(channel: {label: string, ordered: boolean, maxRetransmits: number | null}) => void} told of each channel that
 *   the peer has made
 */
export function echo(peer, told) {
  peer.on('/there/**', (value, address) => {
    peer.set(address.replace('/there', '/back'), value);
  });
  peer.on('/passing', (value) => peer.stream('/passed', value));
  peer.on('channel', (channel) => {
    const { label, ordered, maxRetransmits } = channel;
    told({ label, ordered, maxRetransmits });
    channel.on('message', (/** @type {string | ArrayBuffer} */ data) => channel.send(data));
  });
  peer.on('bytes', ({ readable, writable }) => readable.pipeTo(writable));
}

/**
 * @param {Peer} peer at whose side echo() was called
 * @param {string} name of this side: what it makes has addresses of its own
 * @returns {Promise<object>} what came back, as JSON can carry it: EXCHANGED, but for the options of the channel, which the
 *   other side tells
 */
export async function exchange(peer, name) {
  const back = (/** @type {string} */ at, /** @type {unknown} */ value) =>
    answered(peer, `/back/${at}`, () => peer.set(`/there/${at}`, value));
  const values = plain(await back('values', VALUES));
  await back('number', 42);
  const got = await peer.get('/back/number');
  const streamed = await passed(peer, ['passing', 7]);
  const large = digest(await back('large', pattern(LARGE)));
  const { raw, under } = await byChannel(peer, `/there/${name}`);
  const piped = await byPipe(peer, `/file/${name}`);
  return { values, got, streamed, large, channel: { raw, under }, piped };
}

/**
 * @param {Peer} peer
 * @param {string} address
 * @param {() => Promise<void>} say what is answered there
 * @returns {Promise<any>} any: the answer
 */
async function answered(peer, address, say) {
  const answer = heard(peer, address);
  await say();
  return answer;
}

/** @param {Peer} peer @param {string} address @returns {Promise<any>} any: the first value from there */
function heard(peer, address) {
  return new Promise((resolve) => {
    const off = peer.on(address, (value) => {
      off();
      resolve(value);
    });
  });
}

/** A stream may lose some: it goes on until one comes back. @param {Peer} peer @param {unknown} value */
async function passed(peer, value) {
  const timer = setInterval(() => peer.stream('/passing', value), REPEAT_MS);
  const answer = await heard(peer, '/passed');
  clearInterval(timer);
  return answer;
}

/** @param {Peer} peer @param {string} address */
async function byChannel(peer, address) {
  const channel = peer.createDataChannel(address, { ordered: true, priority: 'high' });
  if (channel.readyState !== 'open') await new Promise((open) => channel.once('open', open));
  const raw = [];
  for (const data of RAW) {
    const answer = new Promise((resolve) => channel.once('message', resolve));
    await channel.send(data);
    raw.push(await answer);
  }
  const at = `${address}/under`;
  const say = () => peer.set(at, 'by its channel');
  const under = await answered(peer, at.replace('/there', '/back'), say);
  return { raw: plain(raw), under };
}

/** @param {Peer} peer @param {string} address */
async function byPipe(peer, address) {
  const { readable, writable } = peer.bytes(address);
  const back = new Response(readable).arrayBuffer();
  const writer = writable.getWriter();
  const bytes = pattern(PIPED);
  for (let at = 0; at < bytes.length; at += CHUNK) await writer.write(bytes.slice(at, at + CHUNK));
  await writer.close();
  return digest(new Uint8Array(await back));
}

/** @param {number} length @returns {Uint8Array<ArrayBuffer>} of which no piece is like the next */
function pattern(length) {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 7 + (at >> 8)) & 0xff;
  return bytes;
}

/** @param {Uint8Array} bytes */
function digest(bytes) {
  let sum = 0;
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0;
  return { length: bytes.length, sum };
}

/** @param {unknown[]} values @returns {unknown[]} with lists in the place of bytes */
function plain(values) {
  return values.map((value) => {
    const isBytes = value instanceof ArrayBuffer || ArrayBuffer.isView(value);
    return isBytes ? [...new Uint8Array(/** @type {ArrayBuffer} */ (value))] : value;
  });
}
