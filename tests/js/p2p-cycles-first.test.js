/** 1,000 times an application with a peer, opened and closed: what is left of them. As many come with p2p-cycles-second. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const PROGRAM = new URL('./p2p-cycles.js', import.meta.url).pathname;
const PARTS = 4; // each a process
const CYCLES = 250;
const TRIES = 3;

/**
 * One part. WebRTC in Node frees a data channel that the other side has closed on a thread of its own, also while it is being sent on:
 * once in some thousand closings that ends the process. Such a part tells nothing, and is done again.
 * @returns {Promise<string>} what the program has said
 */
async function run(tries = TRIES) {
  try {
    return (await promisify(execFile)(process.execPath, [PROGRAM, String(CYCLES)])).stdout;
  } catch (error) {
    const { signal } = /** @type {{signal?: string}} */ (error);
    if (signal !== 'SIGSEGV' || tries === 1) throw error;
    return run(tries - 1);
  }
}

for (let part = 1; part <= PARTS; part++) {
  test(`of ${CYCLES} applications no connection, listener, timer, socket or handle is left, part ${part} of ${PARTS}`, async () => {
    assert.equal(await run(), `${CYCLES}\n`);
  });
}
