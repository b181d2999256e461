/** The packed tarball, as a stranger gets it. What it holds is built first: `npm run test:js` does. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { ROOT } from '../../scripts/lib/process.mjs';
import { makeProject } from '../support/packed.js';

const exec = promisify(execFile);

/** Only these belong in it. */
const EXPECTED =
  /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|(dist|js-glue|web|relay|types)\/.+)$/;
const FORBIDDEN = /\.(map|c|h|test\.js|pem|key|tgz)$|(^|\/)(tests?|node_modules|\.[^/]+)(\/|$)/;

/** @type {import('../support/packed.js').Project} */
let project;

before(async () => {
  project = await makeProject('--omit=optional');
});

after(() => project.remove());

/** @param {string} path inside the installed package */
function installed(path) {
  return join(project.folder, 'node_modules', 'clasp-p2p', path);
}

test('the tarball holds the sources, the modules and the types, and nothing else', () => {
  assert.deepEqual(
    project.packed.filter((path) => !EXPECTED.test(path) || FORBIDDEN.test(path)),
    [],
  );
  const needed = [
    'LICENSE',
    'README.md',
    'dist/clasp.mjs',
    'dist/clasp.wasm',
    'dist/clasp-client.wasm',
    'dist/clasp-p2p.min.js',
    'dist/conference.min.js',
  ];
  needed.push('dist/clasp-hub.mjs', 'dist/clasp-hub.wasm', 'js-glue/abi.gen.js');
  assert.deepEqual(
    needed.filter((path) => !project.packed.includes(path)),
    [],
  );
});

test('the modules in it are WebAssembly', async () => {
  for (const name of ['clasp', 'clasp-client', 'clasp-codec', 'clasp-hub']) {
    assert.ok(WebAssembly.validate(readFileSync(installed(`dist/${name}.wasm`))), name);
  }
});

test('importing it does nothing: no timer, no socket, no global, no output', async () => {
  const output = await project.node(`
    const before = Object.getOwnPropertyNames(globalThis).join();
    await import('clasp-p2p');
    const added = Object.getOwnPropertyNames(globalThis).join() !== before;
    const busy = process.getActiveResourcesInfo().filter((it) => /Timeout|TCP|UDP/.test(it));
    console.log(JSON.stringify({ added, busy }));
  `);
  assert.equal(output, '{"added":false,"busy":[]}');
});

test('every entry resolves, and exports what it promises', async () => {
  const output = await project.node(`
    const client = await import('clasp-p2p');
    const relay = await import('clasp-p2p/relay');
    const { Rendezvous } = await import('clasp-p2p/rendezvous');
    const wasm = import.meta.resolve('clasp-p2p/clasp.wasm');
    console.log(JSON.stringify([
      typeof client.ClaspError, typeof relay.startRelay, typeof relay.startRendezvous, typeof Rendezvous, wasm.endsWith('/dist/clasp.wasm'),
    ]));
  `);
  assert.equal(output, '["function","function","function","function",true]');
});

test('the bundle is one module with the same exports', async () => {
  const output = await project.node(`
    const names = Object.keys(await import('clasp-p2p')).sort().join();
    const bundled = Object.keys(await import('./node_modules/clasp-p2p/dist/clasp-p2p.min.js')).sort().join();
    console.log(names === bundled && names.length > 0 ? 'same' : names + ' | ' + bundled);
  `);
  assert.equal(output, 'same');
});

/** TypeScript: each kind of call of a client. */
const CLIENT_PROGRAM = `
    const options: ClaspOptions = { name: 'x', features: ['param'], reconnect: true };
    const client = new Clasp('ws://localhost', options);
    await client.connect({ timeout: 5, signal: AbortSignal.timeout(5) });
    client.addEventListener('connect', ({ detail }) => detail.session.length);
    client.addEventListener('error', ({ detail }) => detail.error.code);
    client.onError(({ code }) => code.length);
    const off: Unsubscribe = client.on('/a', (_, address) => address.length, { maxRate: 3, types: ['param'] });
    off();
    const value: Value = { x: [1, null, 'y', new Uint8Array()] };
    export const revision: number = await client.set('/a', value, { lock: true, qos: 'fire', ttl: 5 });
    client.emit('/e');
    client.gesture('/g', 1, 'move', { x: 1 });
    client.timeline('/t', [{ time: 0, value: 1, easing: 'linear' }], { loop: true });
    await client.bundle([{ set: ['/a', 1, { lock: true }] }, { emit: ['/e'] }], { at: client.time() });
    for await (const change of client.subscribe('/x', { buffer: 3 })) {
      const { address }: Change = change;
      if (address) break;
    }
    export const found: SignalDefinition[] = await client.query('/**');
    await client.announce([{ address: '/a', type: 'param', meta: { range: [0, 1] } }]);
    // @ts-expect-error a symbol is no CLASP value
    client.set('/n', Symbol('five'));
    // @ts-expect-error a handler is a function
    client.on('/x', 5);
`;

test('a strict TypeScript program compiles against its types', async () => {
  mkdirSync(join(project.folder, 'typed'), { recursive: true });
  const program = `
    import { Clasp, ClaspError, type Change, type ClaspOptions, type SignalDefinition, type Unsubscribe, type Value } from 'clasp-p2p';
    import { startRelay } from 'clasp-p2p/relay';
    import { Rendezvous, type Registration } from 'clasp-p2p/rendezvous';
    export const keep = (): Registration => new Rendezvous().keep({ peerId: 'p', tags: ['t'] });
    export const ids = async () => (await new Rendezvous().discover({ tags: ['t'] })).map((it): string => it.id);
    export const code = (error: ClaspError): string => error.code;
    export const relay = (): ReturnType<typeof startRelay> => startRelay({ port: 0 });
    ${CLIENT_PROGRAM}
    // @ts-expect-error a code is a string, not any
    export const wrong = (error: ClaspError): number => error.code;
  `;
  writeFileSync(join(project.folder, 'typed', 'program.ts'), program);
  const flags = [
    '--strict',
    '--noEmit',
    '--target',
    'es2022',
    '--module',
    'nodenext',
    '--skipLibCheck',
    'false',
  ];
  flags.push('--lib', 'es2023,dom,dom.iterable,esnext.disposable', '--types', 'node');
  flags.push('--typeRoots', join(ROOT, 'node_modules', '@types'));
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = await exec(process.execPath, [
    tsc,
    ...flags,
    join(project.folder, 'typed', 'program.ts'),
  ]).catch(
    (error) => error, // its output says what was wrong
  );
  assert.equal(stdout, '');
});

test('the command prints its usage', async () => {
  const command = join(project.folder, 'node_modules', '.bin', 'clasp-p2p');
  const { stdout } = await exec(command, ['--help'], { timeout: 20_000 });
  assert.match(stdout, /clasp-p2p/);
});

test('its commands write, read and publish through its relay', async () => {
  const command = join(project.folder, 'node_modules', '.bin', 'clasp-p2p');
  const relay = spawn(command, ['relay', '--port', '0', '--no-rendezvous']);
  try {
    const [line] = await once(createInterface({ input: relay.stdout }), 'line');
    const [url] = line.match(/ws:\S+/);
    const run = async (/** @type {string[]} */ ...args) =>
      (await exec(command, [...args, '--url', url], { timeout: 20_000 })).stdout;
    assert.equal(await run('set', '/a', '{"b": [1]}'), '1\n');
    assert.equal(await run('get', '/a'), '{"b":[1]}\n');
    assert.equal(await run('pub', '/c', 'go'), '');
    assert.equal(await run('sub', '/a', '--count', '1'), '/a {"b":[1]}\n');
  } finally {
    relay.kill();
    await once(relay, 'exit');
  }
});

test('publint finds neither an error nor a warning', async () => {
  const { messages, pkg } = await publint({
    pkgDir: installed(''),
    strict: true,
    level: 'warning',
    pack: false,
  });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, pkg ?? {})),
    [],
  );
});
