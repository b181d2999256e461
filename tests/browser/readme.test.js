/** README's examples, as they stand there, in a project that has installed the packed tarball. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { ROOT } from '../../scripts/lib/process.mjs';
import { serve } from '../../scripts/static-server.mjs';
import { makeProject } from '../support/packed.js';
import { launch } from './support/chromium.js';
import { noFaults, openPage } from './support/pages.js';
import { untilIn } from './support/wait.js';

const FRAMES = 10;

/** @type {import('../support/packed.js').Project} */
let project;

before(async () => {
  project = await makeProject();
});

after(() => project.remove());

afterEach(noFaults);

/**
 * @param {string} heading of README
 * @param {string} language
 * @returns {string} the first block of code in that language below the heading
 */
function example(heading, language) {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const [, section] = readme.split(`\n## ${heading}\n`);
  assert.ok(section, `README has no heading "${heading}"`);
  const block = new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'm').exec(
    section.split('\n## ')[0],
  );
  assert.ok(block, `README has no ${language} below "${heading}"`);
  return block[1];
}

test('the example for a page shows each of two tabs the other, and passes its message', async (t) => {
  mkdirSync(join(project.folder, 'page'));
  const script = `<script type="module">\n${example('In a page', 'js')}</script>`;
  const html = `<!doctype html>\n<link rel="icon" href="data:,">\n${example('In a page', 'html')}${script}`;
  writeFileSync(join(project.folder, 'page', 'index.html'), html);
  const roots = ['page', 'node_modules'].map((folder) => [folder, join(project.folder, folder)]);
  const site = await serve({ roots: Object.fromEntries(roots) });
  t.after(() => site.close());
  const browser = await launch();
  t.after(() => browser.close());

  const context = await browser.context();
  const tabs = [await openPage(context, 'first'), await openPage(context, 'second')];
  for (const tab of tabs) await tab.goto(`${site.url}/page/`);
  for (const tab of tabs) {
    await untilIn(
      tab,
      'the message of the other tab',
      () => document.title === 'Hello, other tab!',
      0,
    );
    await untilIn(tab, `${FRAMES} frames of the other tab`, hasFrames, FRAMES);
    assert.equal(await tab.locator('video').count(), 1);
  }
  await tabs[0].close({ runBeforeUnload: true });
  await untilIn(
    tabs[1],
    'the video of the closed tab to go',
    () => !document.querySelector('video'),
    0,
  );
});

test('the example for Node passes its message and ends', async () => {
  const output = await project.node(example('In Node', 'js'));
  const lines = output.split('\n').sort();
  assert.deepEqual(lines, ['peers reached: 1', 'received: Hello from Node']);
});

/** Runs in the page. @param {number} frames */
function hasFrames(frames) {
  const shown = document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames;
  return Number(shown) >= frames;
}
