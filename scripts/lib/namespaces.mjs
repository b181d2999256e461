/**
 * Whether this machine can be made into a small internet: by root, with network namespaces, TUN devices and nftables.
 * Where it cannot, tests that need one are skipped and say why; where CI is set in the environment, that is a failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Failure, which } from './process.mjs';

/** Programs that they are made with. */
const PROGRAMS = ['ip', 'nft', 'turnserver'];

const TUN = '/dev/net/tun';

/** @returns {string | undefined} what no installing would change */
function lackOfRights() {
  if (process.platform !== 'linux') return 'network namespaces are of Linux';
  if (process.getuid?.() !== 0) return 'only root makes network namespaces';
  if (!existsSync(TUN)) return `there is no ${TUN}`;
  if (spawnSync('unshare', ['--net', 'true']).status !== 0) return 'no namespaces for this account';
  return undefined;
}

/** @returns {string | undefined} what fails in a namespace made to find out */
function lackInside() {
  const name = `clasp-${process.pid}-probe`;
  const steps = [
    ['ip', 'netns', 'add', name],
    ['ip', '-n', name, 'tuntap', 'add', 'tun0', 'mode', 'tun'],
    [
      'ip',
      'netns',
      'exec',
      name,
      'nft',
      'add table ip probe { chain out { type nat hook postrouting priority 100; }; }',
    ],
  ];
  const failed = steps.find(([command, ...args]) => spawnSync(command, args).status !== 0);
  spawnSync('ip', ['netns', 'delete', name]);
  return failed && `fails here: ${failed.join(' ')}`;
}

/** True where it is worth installing the programs that are missing. */
export const mayMakeNamespaces = () => lackOfRights() === undefined;

/**
 * @returns {string | undefined} why tests that need namespaces are skipped; undefined: they run
 * @throws {Failure} they cannot run, and CI is set
 */
export function lackOfNamespaces() {
  const missing = PROGRAMS.find((program) => !which(program));
  const lack = lackOfRights() ?? (missing ? `there is no ${missing}` : lackInside());
  if (lack && process.env.CI) throw new Failure(`no tests of networks: ${lack}`);
  return lack;
}
