/** The tables of docs/interop.md: one row for each feature, one column for each relay. */
import { readFileSync, writeFileSync } from 'node:fs';
import { FEATURES } from './features.js';

const FILE = new URL('../../docs/interop.md', import.meta.url);
const [BEGIN, END] = [
  '<!-- tables: node tests/interop/table.mjs -->',
  '<!-- end of the tables -->',
];
const HEAD = ['', 'relay of clasp-p2p', 'clasp-router 4.5.0'];
const SAME = 'the same';

/** @typedef {Map<string, string>} Seen what a relay was seen to do, by the feature's name */

/** @param {string[]} cells */
const row = (cells) => `| ${cells.join(' | ')} |`;

/**
 * @param {Seen} relay
 * @param {Seen} router
 * @returns {string}
 */
function tables(relay, router) {
  const parts = Object.entries(FEATURES).map(([title, features]) => {
    const rows = features.map(({ name }) => {
      const [ours, theirs] = [relay.get(name) ?? '', router.get(name) ?? ''];
      return row([name, ours, theirs === ours ? SAME : theirs]);
    });
    return [`### ${title}`, '', row(HEAD), row(HEAD.map(() => '---')), ...rows, ''].join('\n');
  });
  return parts.join('\n');
}

/**
 * Write the tables anew.
 * @param {Seen} relay
 * @param {Seen} router
 */
export function writeReport(relay, router) {
  const text = readFileSync(FILE, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const [, after] = rest.split(END);
  writeFileSync(FILE, `${before}${BEGIN}\n\n${tables(relay, router)}\n${END}${after}`);
}

/**
 * What the tables say.
 * @returns {{relay: Seen, router: Seen}}
 */
export function readReport() {
  const [, text] = readFileSync(FILE, 'utf8').split(BEGIN);
  const rows = [...text.split(END)[0].matchAll(/^\| (?!---)(.+?) \| (.+?) \| (.+?) \|$/gm)];
  const named = rows.map(([, ...cells]) => cells);
  return {
    relay: new Map(named.map(([name, ours]) => [name, ours])),
    router: new Map(named.map(([name, ours, theirs]) => [name, theirs === SAME ? ours : theirs])),
  };
}
