import { createServer } from 'node:http';
import { HUB_METRICS } from '../js-glue/hub.js';
import { REGISTRY_METRICS } from '../js-glue/registry.js';

/** @typedef {import('./rendezvous.js').Rendezvous} Rendezvous */
/** @typedef {readonly {name: string, help: string}[]} Metrics */

/**
 * Counters in the text format of Prometheus.
 * @param {string} prefix of their names
 * @param {Metrics} metrics
 * @param {Record<string, number>} stats
 */
function metricsText(prefix, metrics, stats) {
  return metrics
    .map(({ name, help }) => {
      const metric = `${prefix}_${name}`;
      const type = name.endsWith('_total') ? 'counter' : 'gauge';
      return `# HELP ${metric} ${help}\n# TYPE ${metric} ${type}\n${metric} ${stats[name]}\n`;
    })
    .join('');
}

/**
 * The server under the WebSockets. Whatever is asked of it over plain HTTP it is there: `ok`, as load balancers like it.
 * @param {() => Record<string, number>} stats
 * @param {Rendezvous} [rendezvous] has its own paths
 */
export function makeServer(stats, rendezvous) {
  const metrics = () =>
    metricsText('clasp_relay', HUB_METRICS, stats()) +
    (rendezvous ? metricsText('clasp_rendezvous', REGISTRY_METRICS, rendezvous.stats()) : '');
  return createServer((request, response) => {
    if (rendezvous?.owns(request)) return rendezvous.serve(request, response);
    const isMetrics = request.method === 'GET' && request.url?.split('?')[0] === '/metrics';
    response.writeHead(200, {
      'content-type': isMetrics ? 'text/plain; version=0.0.4; charset=utf-8' : 'text/plain',
      connection: 'close',
    });
    response.end(isMetrics ? metrics() : 'ok\n');
  });
}
