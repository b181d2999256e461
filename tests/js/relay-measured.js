/** A relay in a process of its own that says what it holds. Not a test: started by measuredRelay(). */
import { startRelay } from '../../relay/index.js';

const relay = await startRelay({ port: 0, host: '0.0.0.0', ...JSON.parse(process.argv[2]) });
process.on('message', () => {
  globalThis.gc?.();
  process.send?.({ stats: relay.stats(), memory: process.memoryUsage() });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port: relay.port });
