/**
 * Time to the first video frame in the second tab: one tab is in the room with its camera on, the second one is opened.
 * Measured in the second tab, from the start of its navigation (loading included) to the first decoded frame.
 */
import { join } from 'node:path';

import { chromium } from 'playwright-core';

import { startRelay } from '../relay/index.js';
import { browserPath, BROWSER_FLAGS, CAMERA_FLAGS } from '../scripts/lib/browser.mjs';
import { ROOT } from '../scripts/lib/process.mjs';
import { serve } from '../scripts/static-server.mjs';
import { median, shuffled } from './lib/stats.mjs';

const CASE = 'first frame in tab two';
const GOAL = 1.1;
const TIMEOUT = 20_000; // milliseconds for one tab

/** By name, the page and its query. The first is what the others are measured against. @type {Record<string, string>} */
const CONTESTANTS = {
  raw: 'raw.html?',
  'raw again (noise)': 'raw.html?',
  'clasp-p2p, bundled': 'bundle.html?',
  'clasp-p2p, its modules as they are': 'modules.html?',
};

/** Those that the goal speaks of. */
const MEASURED = 'clasp-p2p, bundled';

/**
 * What a page says on its console. Waiting for it puts no script of the bench's into the page, unlike looking into it.
 * @param {import('playwright-core').Page} page
 * @param {string} start
 */
const said = (page, start) =>
  page.waitForEvent('console', {
    predicate: (message) => message.text().startsWith(start),
    timeout: TIMEOUT,
  });

/**
 * @param {import('playwright-core').BrowserContext} context
 * @param {string} url of the contestant's page, its query open for more
 * @returns {Promise<number>} milliseconds
 */
async function firstFrame(context, url) {
  const first = await context.newPage();
  await Promise.all([said(first, 'ready'), first.goto(`${url}&role=sender`)]);
  const second = await context.newPage();
  const [message] = await Promise.all([
    said(second, 'frame '),
    second.goto(`${url}&role=receiver`),
  ]);
  await Promise.all([first.close(), second.close()]);
  return Number(message.text().slice('frame '.length));
}

/**
 * @param {import('./run.mjs').BenchOptions} options
 * @returns {Promise<import('./lib/table.mjs').Row[]>}
 */
export async function run({ rounds = 25, only }) {
  const names = Object.keys(CONTESTANTS).filter((name) => name === 'raw' || only.test(name));
  const relay = await startRelay({ port: 0, log: () => {} });
  const server = await serve({
    headers: { 'Cache-Control': 'max-age=600' }, // as a site's files are: the first tab has loaded them
    roots: Object.fromEntries(
      ['bench', 'web', 'js-glue', 'dist'].map((folder) => [folder, join(ROOT, folder)]),
    ),
  });
  const browser = await chromium.launch({
    executablePath: browserPath(),
    args: [...BROWSER_FLAGS, ...CAMERA_FLAGS],
  });
  /** @type {Map<string, number[]>} */
  const times = new Map(names.map((name) => [name, []]));
  try {
    const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
    for (let round = -1; round < rounds; round++) {
      for (const name of shuffled(names, round)) {
        const room = `${round}-${names.indexOf(name)}`;
        const page = `${server.url}/bench/pages/${CONTESTANTS[name]}relay=${relay.url}&room=${room}`;
        const time = await firstFrame(context, page);
        if (round >= 0) times.get(name)?.push(time); // the round before the first warms everything up
      }
    }
  } finally {
    await browser.close();
    await server.close();
    await relay.close();
  }
  return rowsOf(times);
}

/**
 * @param {Map<string, number[]>} times by contestant, round by round
 * @returns {import('./lib/table.mjs').Row[]}
 */
function rowsOf(times) {
  const base = /** @type {number[]} */ (times.get('raw'));
  return [...times].map(([contestant, runs]) => {
    const ratio = median(runs.map((time, round) => time / base[round]));
    const goal = contestant === MEASURED ? { goal: `<= ${GOAL}×`, met: ratio <= GOAL } : {};
    return {
      case: CASE,
      contestant,
      unit: 'ms',
      median: median(runs),
      min: Math.min(...runs),
      max: Math.max(...runs),
      runs: runs.length,
      ratio,
      ...goal,
    };
  });
}
