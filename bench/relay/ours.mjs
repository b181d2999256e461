/** The relay of this package, with limits that a bench does not meet. */
import { startRelay } from '../../relay/index.js';
import { serveParent } from './child.mjs';

const relay = await startRelay({
  port: 0,
  host: '127.0.0.1',
  messagesPerSecond: 100_000_000,
  maxSessions: 8_000,
});
serveParent(relay.url);
