import { newToken } from '../common/names.js';

/** @import { Peer } from '../../web/index.js' */

/**
 * Sends one file to everybody who is there, each at the pace that it takes.
 *
 * @param {File} file
 * @param {Peer[]} peers
 * @param {(sent: number) => void} onProgress told the bytes that have gone out, all peers together
 * @returns {Promise<number>} how many have it whole
 */
export async function sendFile(file, peers, onProgress) {
  let sent = 0;
  const results = await Promise.allSettled(
    peers.map((peer) => sendTo(peer, file, (count) => onProgress((sent += count)))),
  );
  return results.filter(({ status }) => status === 'fulfilled').length;
}

/**
 * @param {Peer} peer
 * @param {File} file
 * @param {(count: number) => void} onBytes
 */
async function sendTo(peer, file, onBytes) {
  const { name, type, size } = file;
  const id = newToken();
  await peer.set('/chat/file', { id, name, type, size }); // it has arrived before the first byte leaves
  const { writable } = peer.bytes(`/files/${id}`, { priority: 'low' });
  const counted = new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      onBytes(chunk.length);
    },
  });
  await file.stream().pipeThrough(counted).pipeTo(writable);
}
