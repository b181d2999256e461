import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differ } from '../fuzz/differential.mjs';

const CASES = 20000;

test(`${CASES} random values and mutated frames mean the same to C and to JavaScript`, async () => {
  const { cases, accepted } = await differ({ seed: 1, goesOn: (done) => done < CASES });
  assert.equal(cases, CASES);
  assert.ok(accepted > CASES / 10, `${accepted} accepted`);
});
