/** What both relays do is what docs/interop.md says: row by row. `node tests/interop/table.mjs` writes it anew. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { FEATURES, observe } from './features.js';
import { readReport } from './report.js';
import { RELAYS, endAll } from './support.js';

const NAMES = Object.values(FEATURES).flatMap((features) => features.map(({ name }) => name));
const REPORT = readReport();
const [OURS, ROUTER] = RELAYS;

after(endAll);

test('docs/interop.md has a row for each feature, and each once', () => {
  assert.equal(new Set(NAMES).size, NAMES.length);
  assert.deepEqual([...REPORT.relay.keys()].sort(), [...NAMES].sort());
});

for (const [relay, written] of /** @type {const} */ ([
  [OURS, REPORT.relay],
  [ROUTER, REPORT.router],
])) {
  describe(`${relay.name} does what docs/interop.md says`, { skip: relay.skip }, () => {
    /** @type {Map<string, string>} */
    let seen;

    before(async () => {
      seen = await observe((await relay.start()).url);
    });

    for (const name of NAMES) {
      test(name, () => assert.equal(seen.get(name), written.get(name)));
    }
  });
}
