/**
 * Counts what a page holds of its browser: connections, sockets and intervals that are open, and listeners of the window, the
 * document and the network. Before anything is loaded that it is to count.
 */
const page = /** @type {any} what is put there is not typed */ (globalThis);

/** What is open now. */
const open = { connections: 0, sockets: 0, intervals: 0, listeners: 0 };
page.open = open;

page.RTCPeerConnection = class extends RTCPeerConnection {
  #isOpen = true;

  /** @param {RTCConfiguration} [config] */
  constructor(config) {
    super(config);
    open.connections++;
  }

  /** @override */
  close() {
    super.close();
    if (this.#isOpen) open.connections--;
    this.#isOpen = false;
  }
};

page.WebSocket = class extends WebSocket {
  /** @param {string} url @param {string | string[]} [protocols] */
  constructor(url, protocols) {
    super(url, protocols);
    open.sockets++;
    this.addEventListener('close', () => open.sockets--);
  }
};

/** @type {Set<unknown>} */
const intervals = new Set();
const { setInterval: begin, clearInterval: end } = page;
page.setInterval = (/** @type {unknown[]} */ ...args) => {
  const id = begin(...args);
  open.intervals = intervals.add(id).size;
  return id;
};
page.clearInterval = (/** @type {unknown} */ id) => {
  intervals.delete(id);
  open.intervals = intervals.size;
  end(id);
};

const network = /** @type {any} not of every browser */ (navigator).connection;
for (const target of [window, document, network]) count(target);

/** Its listeners go by their signals. @param {EventTarget} target */
function count(target) {
  const add = target.addEventListener.bind(target);
  /** @type {EventTarget['addEventListener']} */
  target.addEventListener = (type, listener, options) => {
    add(type, listener, options);
    const { signal } = /** @type {AddEventListenerOptions} */ (
      typeof options === 'object' ? options : {}
    );
    if (!signal || signal.aborted) return;
    open.listeners++;
    signal.addEventListener('abort', () => open.listeners--);
  };
}
