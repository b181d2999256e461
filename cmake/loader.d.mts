/** Emscripten's loader of one module, as js-glue/loader.js uses it: for the imports that it makes. */
declare function load(options: {
  /** class of the sockets of <emscripten/websocket.h> */
  WebSocket?: unknown;
  /** instantiates the module, and hands it over; returns an empty object for "later" */
  instantiateWasm: (
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance) => void,
  ) => object;
}): Promise<unknown>;

export default load;
