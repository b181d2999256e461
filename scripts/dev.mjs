#!/usr/bin/env node
/** `npm run dev`: set-up, build, then the relay, the rendezvous and a web server with the demos, until Ctrl-C. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './lib/cmake.mjs';
import { Failure, ROOT, main } from './lib/process.mjs';
import { setUp } from './setup.mjs';
import { serve } from './static-server.mjs';

const USAGE = `npm run dev -- [--port 8000] [--relay-port 7330] [--rendezvous-port 7340] [--host localhost]

  --port             of the web server with the demos
  --relay-port       of the relay that the demos connect to
  --rendezvous-port  of the rendezvous, where peers register and are found
  --host             address that all listen on
`;

function options() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '8000' },
        'relay-port': { type: 'string', default: '7330' },
        'rendezvous-port': { type: 'string', default: '7340' },
        host: { type: 'string', default: 'localhost' },
        help: { type: 'boolean', default: false },
      },
    });
    return {
      port: portOf(values.port),
      relayPort: portOf(values['relay-port']),
      rendezvousPort: portOf(values['rendezvous-port']),
      host: values.host,
      help: values.help,
    };
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

/** @param {ReturnType<typeof options>} at */
async function start({ port, relayPort, rendezvousPort, host }) {
  const { startRelay, startRendezvous } = await import('../relay/index.js'); // not before the set-up has installed its packages
  const roots = Object.fromEntries(
    ['demo', 'web', 'js-glue', 'dist'].map((folder) => [folder, join(ROOT, folder)]),
  );
  /** @type {{ close: () => Promise<void> }[]} */
  const running = [];
  const close = async () => void (await Promise.all(running.map((it) => it.close())));
  try {
    const relay = await listen('relay-port', relayPort, () =>
      startRelay({ port: relayPort, host }),
    );
    running.push(relay);
    const { rendezvous } = relay;
    const beside = await listen('rendezvous-port', rendezvousPort, () =>
      startRendezvous({ port: rendezvousPort, host, rendezvous }),
    );
    running.push(beside);
    const web = await listen('port', port, () => serve({ port, host, roots, home: '/demo/' }));
    running.push(web);
    return { urls: { relay: relay.url, rendezvous: beside.url, web: web.url }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

await main(async () => {
  const at = options();
  if (at.help) return console.log(USAGE);
  await setUp(['build']);
  await build('wasm-release');
  const { urls, close } = await start(at);
  console.log(
    `\ndemos       ${urls.web}/demo/\nrelay       ${urls.relay}\nrendezvous  ${urls.rendezvous}\n\nCtrl-C ends all.`,
  );
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, close);
});
