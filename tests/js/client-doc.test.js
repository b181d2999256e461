/** The examples of docs/client.md, as they stand there but for the port. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startRelay } from '../../relay/index.js';
import { ROOT } from '../../scripts/lib/process.mjs';

const PORT = '7330';

/** All blocks of JavaScript, in their order. */
function examples() {
  const text = readFileSync(new URL('../../docs/client.md', import.meta.url), 'utf8');
  return [...text.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, code]) => code);
}

test('the examples of the client run, one behind the other', async (t) => {
  const relay = await startRelay({ port: 0 });
  t.after(() => relay.close());
  const [connecting, reading, ...others] = examples();
  assert.deepEqual(others, [], 'an example that is not tried here');
  assert.ok(connecting.includes(`:${PORT}`));
  const program = `${connecting.replace(PORT, String(relay.port))}
    const { signal } = new AbortController();
    await client.set('/sensor/a', 1);
    await client.set('/sensor/stop', 2);
    ${reading.replace('{\n', '{\n console.log(address, value);\n')}
    client.close();`;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--unhandled-rejections=strict', '--input-type=module', '-e', program],
    { cwd: ROOT, timeout: 20_000 }, // there the package is known by its own name
  );
  assert.equal(stderr, '');
  assert.deepEqual(stdout.trim().split('\n').sort(), [
    '/light/1 0.8',
    '/sensor/a 1',
    '/sensor/stop 2',
  ]);
});
