// Goes into the Emscripten module's function: its <emscripten/websocket.h> makes sockets of the class that the loader
// hands over (js-glue/socket-class.js) instead of the global one, and the loader instantiates the module.
var WebSocket = Module['WebSocket'];
var WebAssembly = Module['WebAssembly'];
