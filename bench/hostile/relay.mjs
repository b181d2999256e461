/** The relay of this package with the limits that it has by itself, and tokens for the bench's clients. */
import { startRelay } from '../../relay/index.js';
import { serveParent } from '../relay/child.mjs';
import { TOKENS } from './clients.mjs';

const relay = await startRelay({ port: 0, host: '127.0.0.1', tokens: TOKENS });
serveParent(relay.url);
