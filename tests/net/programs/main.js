/** Runs a module of this folder in Node: a call is a line of JSON on stdin, answers and events are lines on stdout. */
import { createInterface } from 'node:readline';

/** @param {object} line */
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const { program } = await import(`./${process.argv[2]}.js`);
const commands = program({
  tell: (/** @type {string} */ type, /** @type {unknown} */ detail) => say({ type, detail }),
});

createInterface(process.stdin)
  .on('line', async (line) => {
    const { id, name, args } = JSON.parse(line);
    try {
      say({ id, value: await commands[name](...args) });
    } catch (error) {
      say({ id, error: String(error instanceof Error ? (error.stack ?? error) : error) });
    }
  })
  .on('close', () => process.exit()); // whoever started it is gone

process.on('unhandledRejection', (error) => say({ type: 'fault', detail: String(error) }));
