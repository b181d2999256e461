/** The contestant of this project, as a page would write it. Its page says which build of the package it is. */
import { Receiver, RelayDriver, Sender, ready } from 'clasp-p2p';

import { camera, isSender, relay, room, settle, show } from './common.js';

const { core } = /** @type {any} the page's first script has made it */ (globalThis);
ready({ module: core });
const driver = new RelayDriver({ url: relay });
if (isSender) {
  const stream = await camera();
  await new Sender({ driver, iceServers: [] }).start({ stream, room });
  await driver.ready;
  settle();
} else {
  const receiver = new Receiver({ driver, iceServers: [] });
  receiver.addEventListener('stream', (/** @type {CustomEvent} */ event) =>
    show(event.detail.stream),
  );
  receiver.start({ room });
}
