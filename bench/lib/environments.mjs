/** Running the workloads of bench/workloads in Node, in a process of its own, and in Chromium, in a page of its own. */
import { join } from 'node:path';

import { build } from 'esbuild';
import { chromium } from 'playwright-core';

import { browserPath, BROWSER_FLAGS } from '../../scripts/lib/browser.mjs';
import { Failure, must, ROOT, step } from '../../scripts/lib/process.mjs';
import { serve } from '../../scripts/static-server.mjs';

/** @typedef {import('../workloads/suites.js').WorkloadOptions} WorkloadOptions */
/** @typedef {import('../workloads/suites.js').Outcome} Outcome */

const WORKLOADS = join(ROOT, 'bench', 'workloads');
const BUNDLES = join(ROOT, 'build', 'bench');

/** With them a page's clock has steps of 5 µs, not of 100. */
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * Run a program of bench/workloads to its end.
 * @param {string} file
 * @param {unknown} options handed over as JSON
 * @param {string[]} [flags] for Node
 * @returns {Promise<any>} any: the JSON of its last line
 */
export async function runProgram(file, options, flags = []) {
  const args = [...flags, join(WORKLOADS, file), JSON.stringify(options)];
  const output = await must(process.execPath, args);
  return JSON.parse(output.slice(output.lastIndexOf('\n') + 1));
}

/** One level below the root, as web/ is: so it finds dist/ where the sources do. */
async function bundle() {
  const shim = join(WORKLOADS, 'node-modules.js');
  await build({
    absWorkingDir: ROOT,
    entryPoints: [join(WORKLOADS, 'suites.js')],
    outfile: join(BUNDLES, 'suites.js'),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    alias: { util: shim, stream: shim },
    external: ['node:*', 'module', 'ws', '@roamhq/wrtc'],
    logLevel: 'silent', // a failure carries its messages
  });
}

/** @param {WorkloadOptions} options @returns {Promise<Outcome>} */
async function inChromium(options) {
  await bundle();
  const server = await serve({
    headers: ISOLATED,
    roots: {
      bundles: BUNDLES,
      dist: join(ROOT, 'dist'),
      pages: join(ROOT, 'bench', 'pages'),
    },
  });
  const browser = await chromium.launch({ executablePath: browserPath(), args: BROWSER_FLAGS });
  try {
    const page = await browser.newPage();
    await page.goto(`${server.url}/pages/workloads.html`);
    return await page.evaluate(async (options) => {
      const path = '/bundles/suites.js';
      const { runSuite } = await import(path);
      return runSuite(options);
    }, options);
  } finally {
    await browser.close();
    await server.close();
  }
}

/** @type {Record<string, {name: string, run: (options: WorkloadOptions) => Promise<Outcome>}>} */
const ENVIRONMENTS = {
  node: { name: 'Node', run: (options) => runProgram('in-node.js', options) },
  chromium: { name: 'Chromium', run: inChromium },
};

/**
 * Run a suite in one environment after the other.
 * @param {WorkloadOptions} options
 * @param {string} [env] one of them alone
 * @returns {Promise<({env: string} & Outcome)[]>}
 */
export async function runEverywhere(options, env) {
  if (env !== undefined && !Object.hasOwn(ENVIRONMENTS, env))
    throw new Failure(`--env is one of ${Object.keys(ENVIRONMENTS).join(', ')}`);
  const outcomes = [];
  for (const [key, { name, run }] of Object.entries(ENVIRONMENTS)) {
    if (env !== undefined && env !== key) continue;
    const outcome = await step('bench', `${options.suite} in ${name}`, () => run(options));
    outcomes.push({ env: name, ...outcome });
  }
  return outcomes;
}
