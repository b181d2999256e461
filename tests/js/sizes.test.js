import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../../bench/sizes.mjs';

/** KB gz of those that have not reached their goal (bench/RESULTS.md): what they are at, and may not grow beyond. @type {Record<string, number>} */
const MOST = { ClaspP2P: 79 };

test('what a page loads stays within its budget', async () => {
  const goals = (await run()).filter(({ goal }) => goal);
  assert.ok(goals.length > 0);
  for (const { case: name, median, unit, goal, met } of goals) {
    const most = MOST[name];
    const isWithin = most === undefined ? met : median <= most;
    assert.ok(isWithin, `${name}: ${median.toFixed(1)} ${unit}, not ${most ?? goal}`);
  }
});
