/** Both pages in frames, with what this page's address says. */
const direct = new URL(location.href).searchParams.get('direct') !== 'off';

for (const element of document.querySelectorAll('[data-page]')) {
  const link = new URL(/** @type {HTMLElement} */ (element).dataset.page ?? '', location.href);
  link.search = location.search;
  if (element instanceof HTMLAnchorElement) element.href = link.href;
  if (element instanceof HTMLIFrameElement) element.src = link.href;
}

const toggle = /** @type {HTMLAnchorElement} */ (document.getElementById('toggle-direct'));
const other = new URL(location.href);
if (direct) other.searchParams.set('direct', 'off');
else other.searchParams.delete('direct');
toggle.href = other.href;
toggle.textContent = direct ? 'Without a direct way' : 'With a direct way';
