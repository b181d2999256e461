import { ABI_VERSION } from './abi.gen.js';
import { ClaspError } from './error.js';

/**
 * @typedef {object} LoadOptions where the core comes from, when not from beside the package
 * @property {WebAssembly.Module | Promise<WebAssembly.Module>} [module] compiled already, or under way
 * @property {BufferSource} [bytes] of dist/clasp.wasm
 * @property {string | URL} [url] of dist/clasp.wasm
 */

/** @typedef {Record<string, (...args: any[]) => any> & { memory: WebAssembly.Memory }} Exports any: by src/wasm/abi.h */

/**
 * @typedef {object} Source of one of the modules; its paths are spelt out, so that bundlers see the files. Each has a file of its own,
 *   so that a bundle holds what it uses
 * @property {() => Promise<{default: Function}>} glue
 * @property {() => URL} wasm
 * @property {boolean} [gathers] it takes many messages at once
 * @property {() => import('./collector.js').Collector} [collector] of what comes out of it, where not one Effect for each record
 */

/** @param {URL} url */
async function compileFrom(url) {
  if (url.protocol === 'file:') {
    const name = 'node:fs/promises'; // a variable: bundlers for the page must not look for it
    const { readFile } = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
    return WebAssembly.compile(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered with status ${response.status}`);
  // A server that names another type is put up with, at the price of not compiling while loading.
  const isTyped = response.headers.get('content-type')?.startsWith('application/wasm');
  return isTyped
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}

/**
 * @param {Source} source
 * @param {LoadOptions} options
 */
async function compile(source, { module, bytes, url }) {
  if (module) return module;
  if (bytes) return WebAssembly.compile(bytes);
  return compileFrom(url ? new URL(url, globalThis.location?.href) : source.wasm());
}

/** @param {unknown} cause */
function loadError(cause) {
  const text = cause instanceof Error ? cause.message : String(cause);
  const hint = /content security policy|\bcsp\b|by embedder/i.test(text)
    ? ": the page's Content-Security-Policy needs 'wasm-unsafe-eval' in script-src"
    : '';
  return new ClaspError('LOAD', `the WebAssembly core could not be loaded${hint} (${text})`, {
    cause,
  });
}

/**
 * Have Emscripten's factory start a module. It waits for an instance without end, so instantiating is done here, where a
 * failure is heard of.
 *
 * @param {Function} factory
 * @param {WebAssembly.Module} wasm
 * @param {unknown} WebSocket
 * @returns {Promise<Exports>}
 */
async function start(factory, wasm, WebSocket) {
  /** @type {(instance: WebAssembly.Instance) => void} */ let give = () => {};
  /** @type {WebAssembly.Imports} */ let imports = {};
  const instantiate = (/** @type {unknown} */ _, /** @type {WebAssembly.Imports} */ its) => {
    imports = its;
    return new Promise((resolve) => (give = resolve));
  };
  const started = factory({ WebSocket, WebAssembly: { instantiate }, wasm });
  const instance = await WebAssembly.instantiate(wasm, imports);
  give(instance);
  await started;
  return /** @type {Exports} */ (instance.exports);
}

/**
 * Load and start one of the two modules. Emscripten's glue is kept for its imports alone: compiling is done here, and the
 * exports come back as they are.
 *
 * @param {Source} source
 * @param {LoadOptions} options
 * @param {unknown} [WebSocket] the class that the module makes its sockets of
 * @returns {Promise<Exports>}
 * @throws {ClaspError} LOAD
 */
export async function loadModule(source, options, WebSocket) {
  try {
    const compiling = compile(source, options); // both loads run at once
    const [{ default: factory }, wasm] = await Promise.all([source.glue(), compiling]);
    const exports = await start(factory, wasm, WebSocket);
    if (exports.abi_version() !== ABI_VERSION)
      throw new Error('wasm and JavaScript are of two versions');
    return exports;
  } catch (cause) {
    throw loadError(cause);
  }
}
