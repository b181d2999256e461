/** What the process around the hub counts: names and what they say. */
const LIST = /** @type {const} */ ({
  origin_refused_total: 'upgrades refused as their Origin is not allowed',
  pending_refused_total: 'connections refused as too many have not said HELLO',
  handshake_timeouts_total: 'connections ended without a complete request in time',
  http_errors_total: 'requests that are no HTTP, or over a bound',
  tls_errors_total: 'TLS handshakes that failed',
  metrics_refused_total: 'requests for metrics without the right to them',
});

/** @typedef {Record<keyof typeof LIST, number>} Counters */

/** @returns {Counters} */
export const makeCounters = () =>
  /** @type {Counters} */ (Object.fromEntries(Object.keys(LIST).map((name) => [name, 0])));

/** As HUB_METRICS of the hub. */
export const RELAY_METRICS = Object.entries(LIST).map(([name, help]) => ({ name, help }));

/** What Prometheus calls every process's. */
const PROCESS = [
  {
    name: 'process_resident_memory_bytes',
    help: 'resident memory of the process, in bytes',
    read: () => process.memoryUsage.rss(),
  },
  {
    name: 'process_cpu_seconds_total',
    help: 'user and system time of the process, in seconds',
    read() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  },
];

/** @param {{ name: string, help: string }} metric @param {number} value */
function lines({ name, help }, value) {
  const type = name.endsWith('_total') ? 'counter' : 'gauge';
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`;
}

/**
 * Counters in the text format of Prometheus.
 * @param {string} prefix of their names
 * @param {readonly { name: string, help: string }[]} metrics
 * @param {Record<string, number>} stats
 */
export const metricsText = (prefix, metrics, stats) =>
  metrics.map(({ name, help }) => lines({ name: `${prefix}_${name}`, help }, stats[name])).join('');

/** What is counted of the process, in the same format. */
export const processText = () => PROCESS.map((metric) => lines(metric, metric.read())).join('');
