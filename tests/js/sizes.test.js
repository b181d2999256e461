import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../../bench/sizes.mjs';

test('what a page loads stays within its budget', async () => {
  const goals = (await run()).filter(({ goal }) => goal);
  assert.ok(goals.length > 0);
  for (const { case: name, median, unit, goal, met } of goals) {
    assert.ok(met, `${name}: ${median.toFixed(1)} ${unit}, not ${goal}`);
  }
});
