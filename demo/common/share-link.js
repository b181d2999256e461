import { isLoopback } from './relay-address.js';
import { byId, copyText, draw, make, setText } from './ui.js';
import { qrPath } from './qr.js';

const COPIED_MS = 2000;

const HINT_LOCAL =
  'For a phone: start “npm run dev -- --host 0.0.0.0”, and open this page by this machine’s address.';
const HINT_OTHER = 'Scan it with a phone, or open the link anywhere.';

/**
 * The link for a second device, as text, as a button that copies it, and as a QR code. Fills #share.
 *
 * @param {string} href
 * @param {{title: string, open: string}} words over it, and on the link
 */
export function showShareLink(href, words) {
  const isLocal = isLoopback(new URL(href).hostname);
  const title = make('h2', { id: 'share-title' }, words.title);
  const code = isLocal ? null : codeOf(href); // no phone finds this machine's localhost
  const link = make('a', { id: 'share-link', class: 'button', target: '_blank', href }, words.open);
  const copy = make(
    'button',
    { id: 'share-copy', class: 'plain', type: 'button' },
    'Copy the link',
  );
  copy.addEventListener('click', () => copyFrom(copy, href));
  const links = make('p', { class: 'share-links' }, link, copy);
  const hint = make('p', { class: 'hint' }, isLocal ? HINT_LOCAL : HINT_OTHER);
  const card = byId('share', HTMLElement);
  card.setAttribute('aria-labelledby', title.id);
  card.replaceChildren(title, ...(code ? [code] : []), links, hint);
}

/**
 * @param {string} href
 * @returns {SVGElement | null} null: it is too long for a code
 */
function codeOf(href) {
  const code = qrPath(href);
  if (code === null) return null;
  const viewBox = `0 0 ${code.size} ${code.size}`;
  const attributes = { class: 'code', viewBox, role: 'img', 'aria-label': 'QR code of the link' };
  return draw('svg', attributes, draw('path', { d: code.path }));
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} href
 */
async function copyFrom(button, href) {
  const words = button.textContent ?? '';
  const isDone = await copyText(href);
  setText(button, isDone ? 'Copied' : 'Copy it by hand'); // pages by plain http have no clipboard
  button.disabled = true;
  setTimeout(() => {
    setText(button, words);
    button.disabled = false;
  }, COPIED_MS);
}
