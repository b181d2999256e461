/** 1,000 times an application with a peer, opened and closed: what is left of them. As many come with p2p-cycles-second. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const PROGRAM = new URL('./p2p-cycles.js', import.meta.url).pathname;
const PARTS = 4; // each a process
const CYCLES = 250;

/** One part. @returns {Promise<string>} what the program has said */
const run = async () =>
  (await promisify(execFile)(process.execPath, [PROGRAM, String(CYCLES)])).stdout;

for (let part = 1; part <= PARTS; part++) {
  test(`of ${CYCLES} applications no connection, listener, timer, socket or handle is left, part ${part} of ${PARTS}`, async () => {
    assert.equal(await run(), `${CYCLES}\n`);
  });
}
