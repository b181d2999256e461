/** A STUN server for tests, which answers with an address at which nobody is. Not a test: used by some. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';

const BINDING = 0x0001;
const SUCCESS = 0x0101;
const XOR_MAPPED_ADDRESS = 0x0020;
const COOKIE = 0x2112a442;
const HEADER = 20;
const NOBODY = 0xcb007107; // 203.0.113.7, of a net for documents
const IPV4 = 1;

/** RFC 8489, 14.2. @param {Buffer} request @param {number} port */
function answerTo(request, port) {
  const answer = Buffer.alloc(HEADER + 12);
  request.copy(answer, 0, 0, HEADER);
  answer.writeUInt16BE(SUCCESS, 0);
  answer.writeUInt16BE(12, 2);
  answer.writeUInt16BE(XOR_MAPPED_ADDRESS, HEADER);
  answer.writeUInt16BE(8, HEADER + 2);
  answer.writeUInt8(IPV4, HEADER + 5);
  answer.writeUInt16BE(port ^ (COOKIE >>> 16), HEADER + 6);
  answer.writeUInt32BE((NOBODY ^ COOKIE) >>> 0, HEADER + 8);
  return answer;
}

/** An address of this machine that connections use, too. */
function ownAddress() {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}

/**
 * @param {import('node:test').TestContext} t that it ends with
 * @returns {Promise<string>} its URL
 */
export async function startStun(t) {
  const socket = createSocket('udp4');
  socket.bind(0);
  await once(socket, 'listening');
  t.after(() => socket.close());
  socket.on('message', (request, { port, address }) => {
    if (request.length >= HEADER && request.readUInt16BE(0) === BINDING)
      socket.send(answerTo(request, port), port, address);
  });
  return `stun:${ownAddress()}:${socket.address().port}`;
}
