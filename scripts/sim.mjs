#!/usr/bin/env node
/**
 * `npm run sim -- --seeds N [--from S] [--only NAME] [--trace]`: the simulations of tests/c (conference, p2p, joint) with N seeds
 * from S on, as optimised code without sanitizers. A seed that fails is named, with where everybody stood; `--from SEED --seeds 1`
 * replays it, and `--trace` tells all that happens in it where the simulation can.
 */
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './lib/cmake.mjs';
import { filesUnder } from './lib/files.mjs';
import { Failure, main, run, step } from './lib/process.mjs';
import { setUp } from './setup.mjs';

const SEEDED = ['test_conference_sim', 'test_joint_sim', 'test_p2p_sim']; // those that take FIRST and COUNT

await main(async () => {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '20000' },
      from: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      trace: { type: 'boolean', default: false },
    },
  });
  for (const name of [values.seeds, values.from]) {
    if (!/^[1-9]\d*$/.test(name)) throw new Failure(`not a number of seeds: ${name}`);
  }
  await setUp(['build', 'test']);
  const names = filesUnder(['tests/c'], /\/test_[^/]*\.c$/)
    .map((file) => basename(file, '.c'))
    .filter((name) => SEEDED.includes(name) && name.includes(values.only));
  if (names.length === 0) throw new Failure(`no simulation is named *${values.only}*`);
  const folder = await build('native-release', ...names);
  for (const name of names) {
    const program = join(folder, 'tests', 'c', name);
    const { code, output } = await step('sim', name, () =>
      run(program, [values.from, values.seeds, ...(values.trace ? ['trace'] : [])]),
    );
    console.log(output.trimEnd());
    if (code !== 0) throw new Failure(`${name}: a seed has failed`);
  }
});
