#!/usr/bin/env node
/** `npm run bench`: contestants side by side in one run; a table for people, JSON lines beside it for programs. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

import { main, ROOT, Failure } from '../scripts/lib/process.mjs';
import { buildPackage } from '../scripts/lib/package.mjs';
import { setUp } from '../scripts/setup.mjs';
import { printTable } from './lib/table.mjs';

/** @typedef {import('./lib/table.mjs').Row} Row */
/** @typedef {{rounds?: number, only: RegExp, env?: string, note: (text: string) => void}} BenchOptions `note`: a line below the table */

/** @type {Record<string, {about: string, needs: import('../scripts/setup.mjs').Purpose[], load: () => Promise<{run: (options: BenchOptions) => Promise<Row[]>}>}>} */
const SUITES = {
  sizes: {
    about: 'bytes that a page loads, minified and gzipped',
    needs: ['build'],
    load: () => import('./sizes.mjs'),
  },
  codec: {
    about: 'messages to bytes and back, against other codecs',
    needs: ['build', 'test'],
    load: () => import('./codec.mjs'),
  },
  dispatch: {
    about: 'from the bytes of a SET to its handlers, against other stacks',
    needs: ['build', 'test'],
    load: () => import('./dispatch.mjs'),
  },
  core: {
    about: 'the C core alone, as native code: nanoseconds a message',
    needs: ['build', 'test'],
    load: () => import('./core.mjs'),
  },
  relay: {
    about: 'messages through a relay: one to one, one to a hundred, idle sessions',
    needs: ['build', 'test'],
    load: () => import('./relay.mjs'),
  },
  hostile: {
    about: 'what a pair of clients notices of attackers at the relay',
    needs: ['build', 'test'],
    load: () => import('./hostile.mjs'),
  },
  channel: {
    about: 'data channels between two tabs of Chromium, against other libraries',
    needs: ['build', 'test'],
    load: () => import('./channel.mjs'),
  },
  conference: {
    about: 'time from opening the second tab to its first video frame, in Chromium',
    needs: ['build', 'test'],
    load: () => import('./conference.mjs'),
  },
};

const HELP = `npm run bench -- [suite…] [options]

Suites (all, unless some are named):
${Object.entries(SUITES)
  .map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`)
  .join('\n')}

Options:
  --rounds N     rounds of each case; every contestant runs once in each, in shuffled order
  --only REGEX   what matches of "case contestant"; of the conference's, contestants
  --json FILE    where the JSON lines go (default: build/bench.jsonl)
  --env NAME     node or chromium, for suites that run in both
  --help
`;

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      only: { type: 'string', default: '' },
      json: { type: 'string', default: join(ROOT, 'build', 'bench.jsonl') },
      env: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
    throw new Failure('--rounds takes a whole number from 1');
  const unknown = positionals.find((name) => !Object.hasOwn(SUITES, name));
  if (unknown)
    throw new Failure(`no suite ${unknown}; there are ${Object.keys(SUITES).join(', ')}`);
  const names = positionals.length > 0 ? positionals : Object.keys(SUITES);

  await setUp([...new Set(names.flatMap((name) => SUITES[name].needs))]);
  await buildPackage();
  /** @type {Row[]} */
  const all = [];
  for (const name of names) {
    const { run } = await SUITES[name].load();
    /** @type {string[]} */
    const notes = [];
    const note = (/** @type {string} */ text) => notes.push(text);
    const rows = await run({ rounds, only: new RegExp(values.only), env: values.env, note });
    printTable(name, rows, notes);
    all.push(...rows.map((row) => ({ suite: name, ...row })));
  }
  mkdirSync(dirname(values.json), { recursive: true });
  writeFileSync(values.json, all.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const missed = all.filter((row) => row.met === false);
  if (missed.length > 0)
    throw new Failure(
      `missed: ${missed.map((row) => `${row.case}: ${row.contestant}`).join('; ')}`,
    );
});
