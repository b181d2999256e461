#!/usr/bin/env node
import { parseArgs } from 'node:util';
import * as relay from './commands/relay.js';
import { UsageError } from './commands/usage.js';
import { version } from './version.js';

/** @type {Map<string, import('./commands/usage.js').Command>} */
const COMMANDS = new Map([['relay', relay]]);

const USAGE = `Usage: clasp-p2p COMMAND [options]

Commands:
${[...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`).join('\n')}

Options:
  --help      this text; after a command: what it takes
  --version   the version of the package
`;

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/**
 * @param {string[]} args
 * @param {import('node:util').ParseArgsConfig['options']} options
 */
function parse(args, options) {
  try {
    const all = { ...options, help: { type: /** @type {const} */ ('boolean') } };
    return parseArgs({ args, allowPositionals: true, options: all });
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message);
  }
}

/** @param {string[]} args */
async function main([name, ...args]) {
  if (name === '--help') return process.stdout.write(USAGE);
  if (name === '--version') return console.log(version());
  if (!name || name.startsWith('-')) throw new UsageError('there is no command');
  const command = COMMANDS.get(name);
  if (!command) throw new UsageError(`there is no command "${name}"`);
  const { values, positionals } = parse(args, command.options);
  if (values.help) return process.stdout.write(command.usage);
  await command.run(values, positionals);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError;
  console.error(`clasp-p2p: ${/** @type {Error} */ (error).message}`);
  if (isUsage) console.error(`Try "clasp-p2p --help".`);
  process.exitCode = isUsage ? EXIT_USAGE : EXIT_FAILED;
}
