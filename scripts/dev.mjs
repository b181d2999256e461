#!/usr/bin/env node
/** `npm run dev`: set-up, build, then the relay and a web server with the demo, until Ctrl-C. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './lib/cmake.mjs';
import { Failure, ROOT, main } from './lib/process.mjs';
import { setUp } from './setup.mjs';
import { serve } from './static-server.mjs';

const USAGE = `npm run dev -- [--port 8000] [--relay-port 7330] [--host localhost]

  --port        of the web server with the demo
  --relay-port  of the relay that the demo connects to
  --host        address that both listen on
`;

function options() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '8000' },
        'relay-port': { type: 'string', default: '7330' },
        host: { type: 'string', default: 'localhost' },
        help: { type: 'boolean', default: false },
      },
    });
    const port = portOf(values.port);
    return { port, relayPort: portOf(values['relay-port']), host: values.host, help: values.help };
  } catch (error) {
    throw new Failure(`${/** @type {Error} */ (error).message}\n\n${USAGE}`);
  }
}

/** @param {string} text */
function portOf(text) {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) throw new Failure(`not a port: ${text}`);
  return port;
}

/**
 * @template T
 * @param {string} flag the option that chooses another port
 * @param {number} port
 * @param {() => Promise<T>} start
 */
async function listen(flag, port, start) {
  try {
    return await start();
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EADDRINUSE') throw error;
    throw new Failure(`port ${port} is taken: choose another with --${flag}`);
  }
}

/** @param {{ port: number, relayPort: number, host: string }} at */
async function start({ port, relayPort, host }) {
  const { startRelay } = await import('../relay/index.js'); // not before the set-up has installed its packages
  const relay = await listen('relay-port', relayPort, () => startRelay({ port: relayPort, host }));
  const roots = Object.fromEntries(
    ['demo', 'web', 'js-glue', 'dist'].map((folder) => [folder, join(ROOT, folder)]),
  );
  try {
    const web = await listen('port', port, () => serve({ port, host, roots, home: '/demo/' }));
    return { relay, web };
  } catch (error) {
    await relay.close();
    throw error;
  }
}

await main(async () => {
  const at = options();
  if (at.help) return console.log(USAGE);
  await setUp(['build']);
  await build('wasm-release');
  const { relay, web } = await start(at);
  console.log(
    `\ndemo   ${web.url}/demo/\nrelay  ws://${at.host}:${at.relayPort}\n\nCtrl-C ends both.`,
  );
  const stop = async () => {
    await Promise.all([relay.close(), web.close()]);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);
});
