/** The examples of docs/peers.md and of README's section on peers, as they stand there but for the port, each in a page. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { ROOT } from '../../scripts/lib/process.mjs';
import { launch } from './support/chromium.js';
import { endAll } from './support/lifetime.js';
import { noFaults, openPage } from './support/pages.js';
import { openRelay } from './support/relay.js';
import { startSite } from './support/site.js';
import { PATIENCE_MS, untilIn, within } from './support/wait.js';

/** @typedef {import('playwright-core').Page} Page */

const PORT = '7330';

/** Sections whose examples are tried here. */
const SECTIONS = [
  'Connect two pages',
  'Channels',
  'Large values and pipes',
  'Mesh and broadcast',
  'Who may connect',
  'Networks: STUN, TURN, fall-back',
  'When it does not connect',
  'P2PManager',
  'The hybrid client',
];

/** @type {import('./support/site.js').Site} */
let site;
/** @type {import('playwright-core').BrowserContext} */
let context;
/** @type {Awaited<ReturnType<typeof openRelay>>} */
let relay;
/** @type {Map<string, string[]>} examples that were not tried yet, by section */
let left;

before(async () => {
  const [started, browser, ownRelay] = await Promise.all([startSite(), launch(), openRelay()]);
  [site, relay] = [started, ownRelay];
  context = await browser.context();
  const guide = readFileSync(join(ROOT, 'docs', 'peers.md'), 'utf8');
  left = new Map(SECTIONS.map((heading) => [heading, examples(guide, heading)]));
});

after(endAll);

afterEach(noFaults);

/** Pages stay open from test to test; this ends what they are connected to. */
async function closePages() {
  for (const page of context.pages()) await page.close();
}

/**
 * @param {string} text
 * @param {string} heading of its second level
 * @returns {string[]} the blocks of JavaScript below it
 */
function examples(text, heading) {
  const [, section] = text.split(`\n## ${heading}\n`);
  assert.ok(section, `no heading "${heading}"`);
  return [...section.split('\n## ')[0].matchAll(/^```js\n([^]*?)^```$/gm)].map(([, code]) => code);
}

/**
 * @param {string} section
 * @returns {string} its next example
 */
function next(section) {
  const example = left.get(section)?.shift();
  assert.ok(example, `no more examples below "${section}"`);
  return example;
}

/** A page of the reader's: what it printed, and what its examples know by name. */
class Reader {
  /** @type {string[]} */ #printed = [];
  /** @type {() => void} */ #wake = () => {};

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    page.on('console', (message) => {
      this.#printed.push(message.text());
      this.#wake();
    });
  }

  /** @param {string} name */
  static async open(name) {
    const page = await openPage(context, name);
    await page.goto(`${site.url}/tests/browser/pages/reader.html`);
    return new Reader(page);
  }

  /**
   * @param {string} example
   * @param {string[]} [names] of what it makes, for the examples after it
   */
  async runs(example, names = []) {
    const code = example
      .replace(
        /^import (\{[^}]+\}) from 'clasp-p2p';$/m,
        "const $1 = await import('/web/index.js');",
      )
      .replaceAll(PORT, String(relay.port));
    await this.page.evaluate(
      `(async () => { ${code}\n;Object.assign(globalThis, { ${names.join(', ')} }); })()`,
    );
  }

  /** @param {RegExp} pattern waits until a line like this was printed */
  prints(pattern) {
    const found = async () => {
      while (!this.#printed.some((line) => pattern.test(line))) {
        await /** @type {Promise<void>} */ (new Promise((resolve) => (this.#wake = resolve)));
      }
    };
    const what = () => `${pattern} among ${JSON.stringify(this.#printed)}`;
    return within(PATIENCE_MS, what, found());
  }
}

/** @type {Reader} */
let display;
/** @type {Reader} */
let controller;

test('a slider of one page changes another', async () => {
  const section = 'Connect two pages';
  [display, controller] = [await Reader.open('display'), await Reader.open('controller')];
  await display.runs(next(section), ['p2p']);
  await controller.runs(next(section), ['p2p', 'display']);
  await display.prints(/^controller is here$/);
  await controller.page.fill('#slider', '0.3');
  const dimmed = () => document.body.style.opacity === '0.3';
  await untilIn(display.page, 'the display to be dimmed', dimmed, undefined);
  await controller.runs('const peer = display;', ['peer']);
  await display.runs('const [peer] = p2p.peers.values();', ['peer']);
  await controller.runs(next(section));
});

test('channels carry the addresses below them, and bytes of their own', async () => {
  const [own, raw, other] = [next('Channels'), next('Channels'), next('Channels')];
  await display.runs("peer.on('/control/cue', (value) => console.log('cue', value));");
  await display.runs("peer.on('/video/**', (value) => console.log('video', value));");
  await display.runs(other);
  await controller.runs(own);
  await display.prints(/^cue 7$/);
  await display.prints(/^video 12\.5$/);
  await controller.runs(raw);
  await controller.prints(/^answer: \/raw got hello$/);
});

test('large values and pipes arrive whole', async () => {
  const section = 'Large values and pipes';
  const [value, writing, reading] = [next(section), next(section), next(section)];
  await display.runs("peer.on('/picture', (value) => console.log(value.length, 'bytes'));");
  await controller.runs(value);
  await display.prints(/^5000000 bytes$/);
  await display.runs(reading);
  await controller.runs(writing);
  await display.prints(/^\/files\/notes\.txt: of any length$/);
});

test('figures and verdicts are those of a direct path', async () => {
  const section = 'Networks: STUN, TURN, fall-back';
  const turn = next(section);
  await controller.runs(next(section));
  await controller.prints(/^host by udp, [\d.]+ ms, \d+ bytes wait$/);
  await controller.runs(next('When it does not connect'));
  await controller.prints(/^CONNECTED: /);
  const third = await Reader.open('third');
  await third.runs(
    "let asked = 0; const freshCredentials = async () => (asked++, console.log('asked'), { username: 'u', credential: 'c' });",
    ['freshCredentials'],
  );
  await third.runs(turn, ['p2p']);
  await third.runs(
    "await p2p.connect(); const peer = await p2p.connectToPeer('display'); console.log(peer.state);",
  );
  await third.prints(/^asked$/);
  await third.prints(/^connected$/);
});

test('who is not known is refused, with words', async () => {
  await display.runs("const verifyPeerIdentity = async (id) => id !== 'stranger';", [
    'verifyPeerIdentity',
  ]);
  await display.runs(next('Who may connect'));
  const stranger = await Reader.open('stranger');
  const [, controls] = examples(readFileSync(join(ROOT, 'docs', 'peers.md'), 'utf8'), SECTIONS[0]);
  const calling = controls
    .replace("'controller'", "'stranger'")
    .replace(/^const display = await [^]*/m, '');
  await stranger.runs(calling, ['p2p']);
  await stranger.runs(
    "await p2p.connectToPeer('display').catch(({ code, message }) => console.log(code, message));",
  );
  await stranger.prints(/^REJECTED .*Identity verification failed/);
});

test('a broadcast reaches everybody of a mesh', async () => {
  await closePages(); // or they would be of the mesh
  const example = next('Mesh and broadcast');
  const pages = [];
  for (const id of ['red', 'green', 'blue']) {
    const page = await Reader.open(id);
    await page.runs(`const myId = '${id}';`, ['myId']);
    pages.push(page);
  }
  await Promise.all(pages.map((page) => page.runs(example, ['p2p'])));
  for (const [index, page] of pages.entries()) {
    const others = ['red', 'green', 'blue'].filter((_, other) => other !== index);
    for (const id of others) await page.prints(new RegExp(`^${id}: Hello everyone!$`));
  }
});

test('peers of a P2PManager find one another by their tags', async () => {
  await closePages();
  const example = next('P2PManager');
  const [registering] = example.split('\nconst peer = await'); // and waits for the other one
  const [first, second] = [await Reader.open('peer-a'), await Reader.open('peer-b')];
  await first.runs(registering.replaceAll('peer-b', 'peer-a'));
  await second.runs(example);
  await second.prints(/^peer-a /);
  await first.prints(/^peer-b \/chat\/greeting: Hello!$/);
});

test('hybrid clients write to one another directly', async () => {
  await closePages();
  const example = next('The hybrid client');
  const swapped = example.replace(/browser-([12])/g, (_, n) => `browser-${3 - n}`);
  const [first, second] = [await Reader.open('browser-1'), await Reader.open('browser-2')];
  await Promise.all([first.runs(example, ['client']), second.runs(swapped)]);
  await first.prints(/^browser-2 p2p host$/);
  await second.prints(/^browser-1 p2p host$/);
  await first.runs("await client.set('/peer/browser-2/again', 43);");
  await second.prints(/^\/peer\/browser-2\/again 43$/);
});

test("README's two pages find one another", async () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const [showing, controlling, ...others] = examples(readme, 'Peers');
  assert.deepEqual(others, [], 'an example that is not tried here');
  await closePages();
  const pages = [await Reader.open('display'), await Reader.open('controller')];
  await Promise.all([pages[0].runs(showing), pages[1].runs(controlling)]);
  const dimmed = () => document.body.style.opacity === '0.3';
  await untilIn(pages[0].page, 'the display to be dimmed', dimmed, undefined);
});

test('no example of the guide is left out', () => {
  assert.deepEqual([...left.values()].flat(), []);
});
