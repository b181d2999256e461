#!/usr/bin/env node
/** Looks at the relay of this package and at the router, and writes what they do into docs/interop.md. */
import { prepare } from '../../scripts/lib/foreign.mjs';
import { main } from '../../scripts/lib/process.mjs';
import { observe } from './features.js';
import { writeReport } from './report.js';
import { ROUTER, endAll, startRelay, startRouter } from './support.js';

await main(async () => {
  await prepare(ROUTER);
  const running = await Promise.all([startRelay(), startRouter()]);
  const [relay, router] = await Promise.all(running.map(({ url }) => observe(url)));
  await endAll();
  writeReport(relay, router);
});
