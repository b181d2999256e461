/** A relay in a process of its own, to be killed. Not a test: started by one. */
import { startRelay } from '../../relay/index.js';

const relay = await startRelay({ port: Number(process.argv[2]), host: '127.0.0.1' });
process.send?.({ port: relay.port });
