/** The browsers that tests and benches drive, and how Chromium is started. */
import { Failure, which } from './process.mjs';

/** Quiet, and without a sandbox: in containers there is none. */
export const BROWSER_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A camera and a microphone that are always there and always allowed. */
export const CAMERA_FLAGS = [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

/**
 * @returns {string} path of the browser: CLASP_CHROMIUM, or the first that is installed
 * @throws {Failure}
 */
export function browserPath() {
  return find('Chromium', 'CLASP_CHROMIUM', ['chromium', 'chromium-browser', 'google-chrome']);
}

/**
 * @returns {string} path of the browser: CLASP_FIREFOX, or the first that is installed
 * @throws {Failure}
 */
export function firefoxPath() {
  return find('Firefox', 'CLASP_FIREFOX', ['firefox-esr', 'firefox']);
}

/** @param {string} browser @param {string} variable @param {string[]} names of its command; the first is its package's, too */
function find(browser, variable, names) {
  const path = process.env[variable] ?? names.map(which).find(Boolean);
  if (path) return path;
  throw new Failure(
    `no ${browser}: install it (apt-get install ${names[0]}) or name it in ${variable}`,
  );
}
