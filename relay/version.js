import { readFileSync } from 'node:fs';

/** @returns {string} the version of the package */
export function version() {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return JSON.parse(text).version;
}
