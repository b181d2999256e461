/** Emscripten's loader of one module, as js-glue/loader.js uses it: for the imports that it makes. */
declare function load(options: {
  /** class of the sockets of <emscripten/websocket.h> */
  WebSocket?: unknown;
  wasm: WebAssembly.Module;
  /** in place of the global one */
  WebAssembly: {
    instantiate: (
      module: WebAssembly.Module,
      imports: WebAssembly.Imports,
    ) => Promise<WebAssembly.Instance>;
  };
}): Promise<unknown>;

export default load;
