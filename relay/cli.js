#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { EXIT, exitOf, wordsOf } from './commands/exit.js';
import * as get from './commands/get.js';
import * as pub from './commands/pub.js';
import * as relay from './commands/relay.js';
import * as set from './commands/set.js';
import * as sub from './commands/sub.js';
import { UsageError } from './commands/usage.js';
import { version } from './version.js';

/** @type {Map<string, import('./commands/usage.js').Command>} */
const COMMANDS = new Map(Object.entries({ relay, set, get, sub, pub }));

const USAGE = `Usage: clasp-p2p COMMAND [options]

Commands:
${[...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`).join('\n')}

Options:
  --help      this text; after a command: what it takes
  --version   the version of the package

A command ends with
  0  done
  1  failed in another way than these
  2  the command line makes no sense
  3  the router cannot be reached, or was lost
  4  the router refused; its code and words are on stderr
  5  get: there is no such param

CLASP_URL and CLASP_TOKEN say which router, and the token for it.
`;

const MASK = '\0'; // no argument of a process can hold it

/** A negative number is no option. @param {string} arg */
const mask = (arg) => (/^-\.?\d/.test(arg) ? MASK + arg : arg);

/** @template T @param {T} arg @returns {T} */
const unmask = (arg) =>
  typeof arg === 'string' ? /** @type {any} */ (arg.replace(MASK, '')) : arg; // any: a string, as T is

/**
 * Options of two words as one: `--gesture 1 start` is `--gesture=1 start`.
 * @param {string[]} args
 * @param {string[]} pairs
 */
function joinPairs([...args], pairs) {
  for (const option of pairs.map((name) => `--${name}`)) {
    const at = args.indexOf(option);
    if (at >= 0) args.splice(at, 3, `${option}=${args.slice(at + 1, at + 3).join(' ')}`);
  }
  return args;
}

/**
 * @param {string[]} given
 * @param {import('./commands/usage.js').Command} command
 */
function parse(given, { options, pairs = [] }) {
  try {
    const all = { ...options, help: { type: /** @type {const} */ ('boolean') } };
    const args = joinPairs(given, pairs).map(mask);
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: all });
    const entries = Object.entries(values).map(([name, value]) => [name, unmask(value)]);
    return { values: Object.fromEntries(entries), positionals: positionals.map(unmask) };
  } catch (error) {
    const [sentence] = /** @type {Error} */ (error).message.split('. ');
    throw new UsageError(sentence);
  }
}

/** @param {string[]} args */
async function main([name, ...args]) {
  if (name === '--help') return process.stdout.write(USAGE);
  if (name === '--version') return console.log(version());
  if (!name || name.startsWith('-')) throw new UsageError('there is no command');
  const command = COMMANDS.get(name);
  if (!command) throw new UsageError(`there is no command "${name}"`);
  const { values, positionals } = parse(args, command);
  if (values.help) return process.stdout.write(command.usage);
  await command.run(values, positionals);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = exitOf(error);
  const hint = process.exitCode === EXIT.USAGE ? ' (try "clasp-p2p --help")' : '';
  console.error(`clasp-p2p: ${wordsOf(error)}${hint}`);
}
