/** The Chromium that tests and benches drive, and how it is started. */
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
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const path = process.env.CLASP_CHROMIUM ?? names.map(which).find(Boolean);
  if (!path)
    throw new Failure(
      'no Chromium: install it (apt-get install chromium) or name it in CLASP_CHROMIUM',
    );
  return path;
}
