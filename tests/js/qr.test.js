/** QR codes of the demos' links, against codes that independent readers have read. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { qrModules, qrPath } from '../../demo/common/qr.js';

const ADDRESS = 'http://192.168.1.20:8000/demo/control/controller.html?display=';

/** @param {string} text */
function digest(text) {
  const rows = (qrModules(text) ?? []).map((row) => row.map(Number).join(''));
  return createHash('sha256').update(rows.join('\n')).digest('hex').slice(0, 16);
}

test('codes are those that were read when they were made', () => {
  /** @type {[text: string, size: number, digest: string][]} */
  const known = [
    ['x', 21, '2f5f8d362cd4fa38'],
    ['http://localhost/', 21, '6f9342444262cfff'],
    [ADDRESS, 33, '2197571dde3ef9c6'],
    [`${ADDRESS}stage`, 33, '815ccb6e69c351aa'],
    [`${ADDRESS}Bühne ${'x'.repeat(90)}`, 49, '81df74ba98ebf7f2'],
    [ADDRESS + '0'.repeat(200), 57, '781899c6b70f163a'],
  ];
  for (const [text, size, expected] of known) {
    assert.equal(qrModules(text)?.length, size, text);
    assert.equal(digest(text), expected, text);
  }
});

test('a code grows with its text, version by version, up to 271 bytes', () => {
  const sizes = [17, 32, 53, 78, 106, 134, 154, 192, 230, 271].map(
    (length) => qrModules('a'.repeat(length))?.length,
  );
  assert.deepEqual(sizes, [21, 25, 29, 33, 37, 41, 45, 49, 53, 57]);
  assert.equal(qrModules('a'.repeat(272)), null);
  assert.equal(qrPath('é'.repeat(136)), null);
});

test('the drawing has the margin that readers need', () => {
  const code = qrPath('x');
  assert.equal(code?.size, 21 + 2 * 4);
  assert.ok(code?.path.startsWith('M4 4h1v1h-1z'));
});
