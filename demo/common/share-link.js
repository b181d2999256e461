import { isLoopback } from './relay-address.js';
import { byId, setText } from './ui.js';
import { qrPath } from './qr.js';

const COPIED_MS = 2000;

/**
 * The link for a second device, as text, as a button that copies it, and as a QR code. Wants #share-link, #share-copy,
 * #share-code and #share-hint in the page.
 *
 * @param {string} href
 */
export function showShareLink(href) {
  const link = byId('share-link', HTMLAnchorElement);
  const local = isLoopback(new URL(href).hostname);
  link.href = href;
  setText(byId('share-hint', HTMLElement), local ? HINT_LOCAL : HINT_OTHER);
  if (!local) drawCode(href); // no phone finds this machine's localhost
  byId('share-copy', HTMLButtonElement).onclick = () => copy(href);
}

const HINT_LOCAL =
  'For a phone: start “npm run dev -- --host 0.0.0.0”, and open this page by this machine’s address.';
const HINT_OTHER = 'Scan it with a phone, or open the link anywhere.';

/** @param {string} href */
function drawCode(href) {
  const svg = byId('share-code', SVGElement);
  const code = qrPath(href);
  svg.toggleAttribute('hidden', code === null);
  if (code === null) return;
  svg.setAttribute('viewBox', `0 0 ${code.size} ${code.size}`);
  svg.querySelector('path')?.setAttribute('d', code.path);
}

/** @param {string} href */
async function copy(href) {
  const button = byId('share-copy', HTMLButtonElement);
  const words = button.textContent ?? '';
  const done = await navigator.clipboard?.writeText(href).then(
    () => true,
    () => false,
  );
  setText(button, done ? 'Copied' : 'Copy it by hand'); // pages by plain http have no clipboard
  button.disabled = true;
  setTimeout(() => {
    setText(button, words);
    button.disabled = false;
  }, COPIED_MS);
}
