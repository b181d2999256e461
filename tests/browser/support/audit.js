/** What a page is like for those who use a keyboard, a screen reader, a small screen, or need contrast. */

/** @typedef {import('playwright-core').Page} Page */

/** Roles whose nodes are operated, by ARIA. */
const OPERATED = new Set(
  'button checkbox combobox link listbox menuitem radio searchbox slider spinbutton switch tab textbox'.split(
    ' ',
  ),
);

const MAX_STOPS = 60; // a page that has more would be a trap

/**
 * Press Tab from the start of the page until the focus has gone round.
 * @param {Page} page
 * @returns {Promise<string[]>} what had the focus, in this order, as keyOf() names it
 */
export async function tabStops(page) {
  await page.evaluate(() => {
    getSelection()?.removeAllRanges();
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    const start = document.body; // where the next Tab starts from
    start.tabIndex = -1;
    start.focus();
    start.removeAttribute('tabindex');
  });
  /** @type {string[]} */
  const stops = [];
  while (stops.length < MAX_STOPS) {
    await page.keyboard.press('Tab');
    const key = await page.evaluate(focused);
    if (key === '' || key === stops[0]) break;
    stops.push(key);
  }
  return stops;
}

/** Runs in the page: a name for what has the focus; '' for the page itself. */
function focused() {
  const at = document.activeElement;
  if (!at || at === document.body) return '';
  return at.id || `${at.localName}.${at.className}`;
}

/**
 * @param {Page} page
 * @returns {Promise<string[]>} everything shown that can be operated, in the order of the document, named likewise
 */
export function operable(page) {
  return page.evaluate(() => {
    const selector = 'a[href], button, input, select, textarea, [tabindex="0"]';
    return [...document.querySelectorAll(selector)]
      .filter((it) => it.checkVisibility() && !it.matches(':disabled'))
      .map((it) => it.id || `${it.localName}.${it.className}`);
  });
}

/**
 * @param {Page} page
 * @returns {Promise<{role: string, name: string}[]>} everything that can be operated, as assistive technology is told
 */
export async function controls(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  return nodes
    .filter((node) => !node.ignored)
    .map((node) => ({
      role: String(node.role?.value),
      name: String(node.name?.value ?? '').trim(),
    }))
    .filter(({ role }) => OPERATED.has(role));
}

/**
 * @param {Page} page
 * @returns {Promise<{text: string, ratio: number, needed: number}[]>} the texts shown, but those over a picture: the
 *   contrast with what is behind each, and the one that WCAG 2.2 asks for at level AA
 */
export function contrasts(page) {
  return page.evaluate(() => {
    for (const animation of document.getAnimations()) animation.finish();
    const canvas = document.createElement('canvas');
    const context = /** @type {CanvasRenderingContext2D} */ (
      canvas.getContext('2d', { willReadFrequently: true })
    );

    /** Colours from the lowest one up, as the browser mixes them. @param {string[]} layers */
    const mix = (layers) => {
      for (const color of layers) {
        context.fillStyle = color;
        context.fillRect(0, 0, 1, 1);
      }
      return [...context.getImageData(0, 0, 1, 1).data.subarray(0, 3)];
    };

    /** @param {Element} element */
    const behind = (element) => {
      const layers = [];
      for (let at = /** @type {Element | null} */ (element); at; at = at.parentElement) {
        layers.unshift(getComputedStyle(at).backgroundColor);
      }
      return ['Canvas', ...layers];
    };

    /** @param {number[]} rgb */
    const luminance = (rgb) => {
      const [r, g, b] = rgb.map((value) => {
        const c = value / 255;
        return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };

    /** @param {Element} element */
    const contrast = (element) => {
      const layers = behind(element);
      const { color } = getComputedStyle(element);
      const [low, high] = [luminance(mix(layers)), luminance(mix([...layers, color]))].sort(
        (a, b) => a - b,
      );
      return (high + 0.05) / (low + 0.05);
    };

    /** @param {Element} element */
    const needed = (element) => {
      const { fontSize, fontWeight } = getComputedStyle(element);
      const size = parseFloat(fontSize);
      return size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700) ? 3 : 4.5;
    };

    const hasText = (/** @type {Element} */ element) =>
      [...element.childNodes].some(
        (node) => node.nodeType === Node.TEXT_NODE && node.nodeValue?.trim(),
      );
    return [...document.body.querySelectorAll('*')]
      .filter((it) => hasText(it) && it.checkVisibility() && it.getBoundingClientRect().width > 1)
      .filter((it) => !it.closest('.screen, svg, noscript, option, :disabled'))
      .map((it) => ({
        text: (it.textContent ?? '').trim().slice(0, 40),
        ratio: Math.round(contrast(it) * 100) / 100,
        needed: needed(it),
      }));
  });
}
