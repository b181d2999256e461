/** Runs a suite and prints its outcome. */
import { runSuite } from './suites.js';

const options = JSON.parse(process.argv[2]);
process.stdout.write(JSON.stringify(await runSuite(options)), () => process.exit());
