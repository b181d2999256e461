import { createServer } from 'node:http';
import { HUB_METRICS } from '../js-glue/hub.js';

/**
 * The counters in the text format of Prometheus.
 * @param {Record<string, number>} stats
 */
function metricsText(stats) {
  return HUB_METRICS.map(({ name, help }) => {
    const metric = `clasp_relay_${name}`;
    const type = name.endsWith('_total') ? 'counter' : 'gauge';
    return `# HELP ${metric} ${help}\n# TYPE ${metric} ${type}\n${metric} ${stats[name]}\n`;
  }).join('');
}

/**
 * The server under the WebSockets. Whatever is asked of it over plain HTTP it is there: `ok`, as load balancers like it.
 * @param {() => Record<string, number>} stats
 */
export function makeServer(stats) {
  return createServer((request, response) => {
    const isMetrics = request.method === 'GET' && request.url?.split('?')[0] === '/metrics';
    response.writeHead(200, {
      'content-type': isMetrics ? 'text/plain; version=0.0.4; charset=utf-8' : 'text/plain',
      connection: 'close',
    });
    response.end(isMetrics ? metricsText(stats()) : 'ok\n');
  });
}
