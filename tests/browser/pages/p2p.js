/** One ClaspP2P for a test to command; it tells by the test's function `told(type, detail)`. */
import { program } from '../support/p2p-program.js';

const page = /** @type {any} what tests put there is not typed */ (globalThis);

/** @type {Set<RTCPeerConnection>} */
const connections = new Set();

page.RTCPeerConnection = class extends RTCPeerConnection {
  /** @param {RTCConfiguration} [config] */
  constructor(config) {
    super(config);
    connections.add(this);
  }
};

page.breakPath = () => {
  for (const connection of connections) {
    if (connection.connectionState === 'connected') connection.close();
  }
};

page.commands = program({ tell: page.told });
document.addEventListener('freeze', () => page.told('lifecycle', { state: 'frozen' }));
document.addEventListener('resume', () => page.told('lifecycle', { state: 'resumed' }));
