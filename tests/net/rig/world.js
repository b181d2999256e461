/**
 * A small internet of namespaces, this process's own:
 *
 *   a ── ra ══ wan ══ rb ── b        ── veth    ══ link with faults
 *   └─── rc ═══┘
 *
 * Hosts a and b sit behind routers with NAT; a can move from ra to rc. In wan are the relay and the TURN server.
 * No packet leaves it. It goes when this process goes, however that happens.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { must } from '../../../scripts/lib/process.mjs';
import { PATIENCE_MS, within } from '../../browser/support/wait.js';
import { Link } from './link.js';

/** @typedef {'ra' | 'rb' | 'rc'} RouterName */
/** @typedef {'a' | 'b'} HostName */
/** @typedef {'cone' | 'symmetric'} Nat */
/** @typedef {'udp' | 'turn'} Blocked 'turn': what goes to the TURN server by TCP */

/** Address of what is in wan. */
export const WAN = '203.0.113.10';
export const TURN_PORT = 3478;

/** @type {Record<RouterName, {host: HostName, device: string, lan: string, outside: string}>} */
const ROUTERS = {
  ra: { host: 'a', device: 'eth0', lan: '10.1.0', outside: '203.0.113.11' },
  rb: { host: 'b', device: 'eth0', lan: '10.2.0', outside: '203.0.113.12' },
  rc: { host: 'a', device: 'eth1', lan: '10.3.0', outside: '203.0.113.13' },
};

const NAMES = /** @type {RouterName[]} */ (Object.keys(ROUTERS));
const SPACES = /** @type {const} */ (['wan', ...NAMES, 'a', 'b']);

/** @typedef {typeof SPACES[number]} SpaceName */

const HOSTS = 250; // addresses of a LAN that a host may get

let made = 0; // worlds of this process

/** @param {Nat} nat */
const NAT_RULE = (nat) => (nat === 'cone' ? 'masquerade' : 'masquerade fully-random');

/** @type {Record<Blocked, string>} */
const BLOCK_RULE = {
  udp: 'meta l4proto udp drop',
  turn: `tcp dport ${TURN_PORT} drop`,
};

/**
 * What comes from outside unasked is dropped before it has left a trace: a trace would take the port from the mapping
 * that the host's own packet is about to make, and a cone would look symmetric.
 * @param {Nat} nat
 * @param {Blocked[]} blocked
 */
function rulesOf(nat, blocked) {
  const blocks = blocked.map((it) => BLOCK_RULE[it]).join('\n');
  return `flush ruleset
table ip clasp {
  chain leaving { type nat hook postrouting priority 100; oifname "wan0" ${NAT_RULE(nat)}; }
  chain arriving { type filter hook input priority 0; iifname "wan0" meta l4proto udp drop; }
  chain passing {
    type filter hook forward priority 0; policy drop;
    ${blocks}
    ct state established,related accept
    iifname "lan" accept
  }
}`;
}

/** Seconds that a is without any network when it moves: less than any host needs. */
const HANDOVER_S = 0.02;

export class World {
  #prefix;
  #janitor;
  #ended;
  #moves = 0;
  /** @type {Partial<Record<RouterName, Link>>} */ #links = {};

  /** @param {string} prefix */
  constructor(prefix) {
    this.#prefix = prefix;
    const names = SPACES.map((space) => this.space(space));
    const script = join(import.meta.dirname, 'janitor.sh');
    this.#janitor = spawn('sh', [script, ...names], {
      stdio: ['pipe', 'ignore', 'inherit'],
      detached: true, // not ended by what ends this process
    });
    this.#janitor.unref();
    this.#ended = new Promise((resolve) => this.#janitor.once('exit', resolve));
  }

  /**
   * @param {{seed?: number, faults?: import('./link.js').Faults}} [options] faults of all links
   * @returns {Promise<World>} with plain cones as routers, and a behind ra
   */
  static async make({ seed = 1, faults = {} } = {}) {
    const world = new World(`clasp-${process.pid}-${++made}`);
    try {
      await Promise.all(SPACES.map((space) => world.#makeSpace(space)));
      for (const router of NAMES) await world.#join(router, seed);
      await world.#ip('wan', 'route add default dev ra'); // else an address inside a LAN is an error to a TURN server
      await world.move('ra');
      await world.fault(faults);
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  /** @param {SpaceName} space */
  space(space) {
    return `${this.#prefix}-${space}`;
  }

  /**
   * @param {SpaceName} space
   * @returns {string[]} what to put before a command so that it runs there
   */
  inside(space) {
    return ['ip', 'netns', 'exec', this.space(space)];
  }

  /**
   * At once, for connections that are there as well.
   * @param {RouterName} router
   * @param {Nat} nat
   * @param {Blocked[]} [blocked]
   */
  async route(router, nat, blocked = []) {
    await this.run(router, 'nft', rulesOf(nat, blocked));
  }

  /**
   * Faults of the link between a router and wan; without a router, of all.
   * @param {import('./link.js').Faults} faults
   * @param {RouterName[]} [routers]
   * @returns {Promise<import('./link.js').Counts[]>} so far, by router
   */
  fault(faults, routers = NAMES) {
    const links = routers.map((router) => /** @type {Link} */ (this.#links[router]));
    return Promise.all(links.map((link) => link.set(faults)));
  }

  /**
   * Host a leaves the router it is behind, and is behind another, with an address that it did not have before: what it
   * once had open there stays dead.
   * @param {'ra' | 'rc'} router
   */
  async move(router) {
    const to = ROUTERS[router];
    const from = ROUTERS[router === 'ra' ? 'rc' : 'ra'];
    const state = `/sys/class/net/${to.device}/operstate`;
    const batch = (/** @type {string[]} */ ...lines) =>
      `printf '${lines.join('\\n')}\\n' | ip -batch -`; // by one process: within a millisecond
    const lines = [
      batch(`link set ${from.device} down`, `address flush dev ${to.device}`),
      `sleep ${HANDOVER_S}`, // else a browser may take the one for the other, and report nothing
      `ip link set ${to.device} up`,
      // What is sent before is lost, and with it a second of ARP's patience.
      `while read now <${state}; [ "$now" != up ]; do :; done`,
      batch(
        `address add ${to.lan}.${2 + (this.#moves++ % HOSTS)}/24 dev ${to.device}`,
        `route replace default via ${to.lan}.1 dev ${to.device}`,
      ),
    ];
    await this.run('a', 'timeout', '5', 'sh', '-e', '-c', lines.join('\n'));
  }

  /**
   * @param {SpaceName} space
   * @param {string} command
   * @param {...string} args
   */
  async run(space, command, ...args) {
    const [first, ...rest] = [...this.inside(space), command, ...args];
    return must(first, rest);
  }

  /** Removes it, with every process in it. Idempotent. */
  async close() {
    this.#janitor.ref();
    this.#janitor.stdin?.end();
    await within(PATIENCE_MS, 'the namespaces to be gone', this.#ended);
  }

  /** @param {SpaceName} space */
  async #makeSpace(space) {
    await must('ip', ['netns', 'add', this.space(space)]);
    await this.#ip(space, 'link set lo up');
    const settings = ['ipv4/ip_forward', 'ipv6/conf/all/disable_ipv6'];
    const lines = settings.map(
      (it) => `if [ -e /proc/sys/net/${it} ]; then echo 1 >/proc/sys/net/${it}; fi`,
    );
    await this.run(space, 'sh', '-c', lines.join('\n'));
  }

  /**
   * A router's two sides.
   * @param {RouterName} router
   * @param {number} seed
   */
  async #join(router, seed) {
    const { host, device, lan, outside } = ROUTERS[router];
    const ends = ['name', device, 'netns', this.space(host)];
    const others = ['type', 'veth', 'peer', 'name', 'lan', 'netns', this.space(router)];
    await must('ip', ['link', 'add', ...ends, ...others]);
    if (host === 'b') await this.#ip(host, `address add ${lan}.2/24 dev ${device}`);
    await this.#ip(router, `address add ${lan}.1/24 dev lan`);
    const from = /** @type {[string, string]} */ ([this.space(router), 'wan0']);
    const to = /** @type {[string, string]} */ ([this.space('wan'), router]);
    this.#links[router] = await Link.start(from, to, seed + NAMES.indexOf(router));
    await this.#ip(router, `address add ${outside} peer ${WAN} dev wan0`);
    await this.#ip('wan', `address add ${WAN} peer ${outside} dev ${router}`);
    for (const name of ['lan', 'wan0']) await this.#ip(router, `link set ${name} up`);
    await this.#ip('wan', `link set ${router} up`);
    await this.#ip(router, `route add default dev wan0`);
    await this.route(router, 'cone');
    if (host === 'b') await this.#ip('b', `link set ${device} up`);
    if (host === 'b') await this.#ip('b', `route add default via ${lan}.1`);
  }

  /**
   * @param {SpaceName} space
   * @param {string} words
   */
  async #ip(space, words) {
    await must('ip', ['-n', this.space(space), ...words.split(' ')]);
  }
}
