// Goes into the Emscripten module's function: its <emscripten/websocket.h> makes sockets of the class that the loader
// hands over (js-glue/socket-class.js) instead of the global one.
var WebSocket = Module['WebSocket'];
