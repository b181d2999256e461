import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../scripts/vectors.mjs', import.meta.url));
const FOLDER = fileURLToPath(new URL('../vectors/', import.meta.url));
/** Those of messages and addresses: pieces are no part of the codec. */
const NAMES = [
  'addresses',
  'big',
  'decode',
  'encode-errors',
  'legacy-msgpack',
  'malformed',
  'messages',
  'rust-codec',
];
const WAYS = { 'the JavaScript API': [], 'the native core': ['--native'] };

/** @typedef {Record<string, any>} Row any: a vector, to be changed */

/** @type {string} */
let folder;
before(() => void (folder = mkdtempSync(join(tmpdir(), 'clasp-vectors-'))));
after(() => rmSync(folder, { recursive: true, force: true }));

/**
 * @param {...string} args
 * @returns {Promise<{ code: number, lines: string[], stderr: string }>}
 */
function run(...args) {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, ...args], (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), lines: stdout.trimEnd().split('\n'), stderr }),
    );
  });
}

/**
 * Write a file for one test.
 * @param {string} name
 * @param {string} text
 */
function file(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** @param {string} hex with its last byte changed */
const changed = (hex) => hex.slice(0, -1) + (hex.endsWith('0') ? '1' : '0');

/**
 * One change to a copy of a file of vectors, and the failures that it has to bring.
 * @typedef {object} Alteration
 * @property {string} file
 * @property {string} section
 * @property {(row: Row) => boolean} [find] the first row, where missing
 * @property {(row: Row) => void} alter
 * @property {RegExp[]} failures
 */

/** @type {Record<string, Alteration>} by what is changed */
const ALTERATIONS = {
  'a byte of a frame that is encoded too': {
    file: 'messages',
    section: 'vectors',
    alter: (row) => (row.frame_hex = changed(row.frame_hex)),
    failures: [/: ping: encode: expected .* came /, /: ping: decode: expected .* came /],
  },
  'a byte of a frame that is only decoded': {
    file: 'decode',
    section: 'vectors',
    alter: (row) => (row.frame_hex = changed(row.frame_hex)),
    failures: [/: set-i8-127: decode: expected .* came /],
  },
  'a byte of a large frame': {
    file: 'big',
    section: 'vectors',
    alter: (row) => (row.frame_hex = changed(row.frame_hex)),
    failures: [/: set-string-payload-65535: encode: /, /: set-string-payload-65535: decode: /],
  },
  'the timestamp that is asked for': {
    file: 'rust-codec',
    section: 'vectors',
    find: ({ options }) => options?.timestamp,
    alter: (row) => (row.options.timestamp = '18446744073709551615'),
    failures: [/: encode: expected .* came /],
  },
  'the timestamp that is read': {
    file: 'messages',
    section: 'vectors',
    find: ({ name }) => name === 'ping-ts',
    alter: (row) => (row.timestamp = '1704067200000001'),
    failures: [/: ping-ts: decode: expected .* came /],
  },
  'the QoS that is read': {
    file: 'messages',
    section: 'vectors',
    find: ({ name }) => name === 'pong',
    alter: (row) => (row.flags.qos = 2),
    failures: [/: pong: decode: expected .* came /],
  },
  'a number that differs by its last bit': {
    file: 'rust-codec',
    section: 'vectors',
    find: ({ name }) => name === 'set-int-9223372036854775807',
    alter: (row) => (row.decoded = { ...row.message, value: { $i64: '9223372036854775806' } }),
    failures: [/: set-int-9223372036854775807: decode: expected .* came /],
  },
  'the sign of zero': {
    file: 'decode',
    section: 'vectors',
    find: ({ name }) => name === 'set-f32-minus-zero',
    alter: (row) => (row.decoded.value = 0),
    failures: [/: set-f32-minus-zero: decode: expected .* came /],
  },
  'what a legacy payload says': {
    file: 'legacy-msgpack',
    section: 'vectors',
    alter: (row) => (row.decoded.name = 'Best'),
    failures: [/: rust-hello: decode: expected .* came /],
  },
  'a time in a timeline': {
    file: 'legacy-msgpack',
    section: 'vectors',
    find: ({ name }) => name === 'rust-timeline',
    alter: (row) => (row.decoded.timeline.keyframes[1].time = 1000001),
    failures: [/: rust-timeline: decode: expected .* came /],
  },
  'a class of malformed frames': {
    file: 'malformed',
    section: 'vectors',
    alter: (row) => (row.class = 'truncated'),
    failures: [/: empty: expected TRUNCATED, came MORE$/],
  },
  'a malformed frame that is none': {
    file: 'malformed',
    section: 'vectors',
    alter: (row) => (row.frame_hex = '5301000141'),
    failures: [/: empty: expected MORE, came OK$/],
  },
  'a match': {
    file: 'addresses',
    section: 'vectors',
    alter: (row) => (row.match = !row.match),
    failures: [/: ["']\/a["'] ["']\/a["']: expected .* came /],
  },
  'what an address may be': {
    file: 'addresses',
    section: 'grammar',
    find: ({ text }) => text === '/a b',
    alter: (row) => (row.address = false),
    failures: [/: ["']\/a b["']: as address: expected .* came /],
  },
  'an encoding error that is none': {
    file: 'encode-errors',
    section: 'vectors',
    alter: (row) => (row.message.value = 'a'),
    failures: [/: value-string-65536: expected TOO_LARGE, came OK$/],
  },
  'the class of an encoding error': {
    file: 'encode-errors',
    section: 'vectors',
    find: ({ name }) => name === 'subscribe-id-negative',
    alter: (row) => (row.class = 'too-large'),
    failures: [/: subscribe-id-negative: expected TOO_LARGE, came OUT_OF_RANGE$/],
  },
  'a row that is no vector': {
    file: 'decode',
    section: 'vectors',
    alter: (row) => delete row.frame_hex,
    failures: [/: set-i8-127: expected a vector, came /],
  },
  'an unknown use': {
    file: 'decode',
    section: 'vectors',
    alter: (row) => (row.use = 'encode'),
    failures: [/: set-i8-127: expected use /],
  },
};

/** @param {string} name */
function documentOf(name) {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'));
}

/**
 * @param {string} name of the copy
 * @param {Alteration} alteration
 */
function alteredCopy(name, { file: original, section, find = () => true, alter }) {
  const document = documentOf(original);
  alter(document[section].find(find));
  return file(`${name}.json`, JSON.stringify(document));
}

/** U+0000 and U+E000 in texts and keys, bytes by repetition, and the last u64 that a double says. */
const UNSEEN = {
  more: [
    { text: '/a\u0000b', address: true, pattern: true },
    { text: '/\ue000', address: true },
    { pattern: '/a\u0000*', address: '/a\u0000b', match: true },
    {
      name: 'keys',
      message: { type: 'SET', address: '/\\u0000', value: { 'a\u0000': '\ue000' } },
      frame_hex: '53410017' + '210b00072f5c7530303030' + '000100026100080003ee8080',
    },
    {
      name: 'bytes-over',
      message: {
        type: 'SET',
        address: '/a',
        value: { $bytes: { $repeat: { text: 'a5', count: 65536 } } },
      },
      class: 'too-large',
    },
    {
      name: 'u64',
      message: { type: 'SET', address: '/a', value: null, revision: '9007199254740992' },
      frame_hex: '5341000e' + '218000022f61' + '0020000000000000',
    },
  ],
};

for (const [way, args] of Object.entries(WAYS)) {
  test(`every vector holds through ${way}`, async () => {
    const { code, lines, stderr } = await run(
      ...args,
      ...NAMES.map((name) => join(FOLDER, `${name}.json`)),
    );
    assert.deepEqual([lines, code], [['1139 passed, 0 failed'], 0], stderr);
  });

  test(`what a vector says falsely is a line through ${way}`, async () => {
    const copies = Object.values(ALTERATIONS).map((it, i) => alteredCopy(`altered-${i}`, it));
    const { code, lines, stderr } = await run(...args, ...copies);
    assert.equal(code, 1, stderr);
    const last = lines.pop() ?? '';
    for (const [i, [what, { failures }]] of Object.entries(ALTERATIONS).entries()) {
      const found = lines.filter((line) => line.startsWith(`${copies[i]}: `));
      assert.equal(found.length, failures.length, `${what}: ${found.join('\n')}`);
      failures.forEach((failure, k) => assert.match(found[k], failure, what));
    }
    assert.match(last, new RegExp(`^\\d+ passed, ${lines.length} failed$`));
  });

  test(`vectors of any name and section are run through ${way}`, async () => {
    const path = file('unseen.json', JSON.stringify(UNSEEN));
    const { code, lines, stderr } = await run(...args, path);
    assert.deepEqual([lines, code], [['8 passed, 0 failed'], 0], stderr);
  });

  test(`wrong usage ends with 2 and says why, before anything runs, through ${way}`, async () => {
    const good = join(FOLDER, 'addresses.json');
    /** @type {[args: string[], why: RegExp][]} */
    const cases = [
      [[], /no files[^]*Exit code/],
      [['--fast', good], /--fast[^]*Exit code/],
      [[good, join(folder, 'none.json')], /none\.json: no such file/],
      [[good, file('bad.json', '{"vectors": [')], /bad\.json: is not JSON/],
      [[good, file('other.json', '{"about": "x", "vectors": [{"a": 1}]}')], /holds no vectors/],
      [[good, file('empty.json', '{"vectors": []}')], /holds no vectors/],
    ];
    for (const [given, why] of cases) {
      const { code, lines, stderr } = await run(...args, ...given);
      assert.deepEqual([code, lines], [2, ['']], stderr);
      assert.match(stderr, why);
    }
  });
}

test('--help says how it is used', async () => {
  const { code, lines } = await run('--help');
  assert.equal(code, 0);
  assert.match(lines.join('\n'), /--native[^]*Exit code/);
});
