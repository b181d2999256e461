#!/usr/bin/env node
/** `node scripts/pictures.mjs`: the pictures of demo/pictures/, taken of the real pages. Needs a built package. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { startRelay } from '../relay/index.js';
import { BROWSER_FLAGS, CAMERA_FLAGS, browserPath } from './lib/browser.mjs';
import { Failure, ROOT, main } from './lib/process.mjs';
import { serve } from './static-server.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').BrowserContext} BrowserContext */
/** @typedef {(path: string, query?: Record<string, string>) => Promise<Page>} Open */

const WINDOW = { width: 1280, height: 800 }; // CSS pixels
const SCALE = 0.75; // 960 by 600 in the end
const MAX_BYTES = 60_000;
const PATIENCE_MS = 20_000;

/** What is to be seen on each picture. @type {Record<string, (open: Open) => Promise<Page>>} */
const SCENES = { video, control, mesh };

/** @param {Open} open */
async function video(open) {
  const query = { room: 'demo-room', join: '1' };
  const ann = await open('video/', { ...query, name: 'Ann', source: 'pattern' });
  const ben = await open('video/', { ...query, name: 'Ben' });
  await says(ann, /Connected with Ben/);
  await ann.bringToFront();
  await writes(ben, 'Do you see me?');
  await writes(ann, 'In motion. And you me?');
  await ann.waitForFunction(() => document.querySelectorAll('.plot').length > 0);
  await ann.waitForFunction(
    () => (document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > 60,
  );
  return ann;
}

/** @param {Open} open */
async function control(open) {
  const page = await open('control/');
  const [controller, display] = ['Controller', 'Display'].map((title) =>
    page.frameLocator(`iframe[title=${title}]`),
  );
  await controller.locator('#status', { hasText: 'direct' }).waitFor({ timeout: PATIENCE_MS });
  await controller.locator('#hue').fill('285');
  await controller.locator('#brightness').fill('0.9');
  await controller.locator('#pad-auto').dispatchEvent('click'); // without scrolling to it
  await display.locator('#scene-rate', { hasText: /^[3-9]\d / }).waitFor({ timeout: PATIENCE_MS });
  return page;
}

/** @param {Open} open */
async function mesh(open) {
  const query = { room: 'mesh', join: '1' };
  const ann = await open('mesh/', { ...query, name: 'Ann' });
  const ben = await open('mesh/', { ...query, name: 'Ben' });
  await says(ann, /Connected with Ben/);
  await writes(ann, 'Who comes later is told this line, too.');
  const cleo = await open('mesh/', { ...query, name: 'Cleo' });
  await says(ann, /Connected with .*Cleo/);
  await says(cleo, /Connected with .*Ben/);
  await writes(cleo, 'I am late. What is new?');
  const scene = await open('control/display.html');
  const buffer = await scene.locator('#scene').screenshot();
  await ben.bringToFront();
  await ben.setInputFiles('#file', { name: 'light.png', mimeType: 'image/png', buffer });
  await ann.bringToFront();
  await ann.locator('.attachment img').waitFor({ timeout: PATIENCE_MS });
  return ann;
}

/**
 * @param {Page} page
 * @param {RegExp} pattern
 */
async function says(page, pattern) {
  await page.locator('#status', { hasText: pattern }).waitFor({ timeout: PATIENCE_MS });
}

/**
 * @param {Page} page
 * @param {string} text
 */
async function writes(page, text) {
  await page.fill('#chat-input', text);
  await page.press('#chat-input', 'Enter');
}

/**
 * @param {Page} page
 * @param {string} name
 */
async function take(page, name) {
  await page.bringToFront();
  await page.evaluate(() => scrollTo(0, 0));
  const session = await page.context().newCDPSession(page);
  for (let quality = 80; ; quality -= 10) {
    const { data } = await session.send('Page.captureScreenshot', {
      format: 'webp',
      quality,
      clip: { x: 0, y: 0, ...WINDOW, scale: SCALE },
    });
    const bytes = Buffer.from(data, 'base64');
    if (bytes.length > MAX_BYTES && quality > 20) continue;
    if (bytes.length > MAX_BYTES) throw new Failure(`${name} does not fit ${MAX_BYTES} bytes`);
    await writeFile(join(ROOT, 'demo', 'pictures', `${name}.webp`), bytes);
    return console.log(`demo/pictures/${name}.webp  ${bytes.length} bytes, quality ${quality}`);
  }
}

await main(async () => {
  const roots = ['demo', 'web', 'js-glue', 'dist'].map((folder) => [folder, join(ROOT, folder)]);
  const relay = await startRelay({ port: 0 });
  const site = await serve({ roots: Object.fromEntries(roots) });
  const browser = await chromium.launch({
    executablePath: browserPath(),
    args: [...BROWSER_FLAGS, ...CAMERA_FLAGS],
  });
  try {
    await mkdir(join(ROOT, 'demo', 'pictures'), { recursive: true });
    for (const [name, scene] of Object.entries(SCENES)) {
      const context = await browser.newContext({ viewport: WINDOW });
      const page = await scene(async (path, query) => {
        const opened = await context.newPage();
        await opened.goto(
          `${site.url}/demo/${path}?${new URLSearchParams({ ...query, relay: relay.url })}`,
        );
        return opened;
      });
      await take(page, name);
      await context.close();
    }
  } finally {
    await Promise.all([browser.close(), site.close(), relay.close()]);
  }
});
