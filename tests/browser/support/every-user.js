/** Claims that hold for every page of the demos, whoever uses it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { contrasts, controls, operable, tabStops } from './audit.js';

/** @typedef {import('playwright-core').Page} Page */

/**
 * @param {string} where as in "for every user, the …"
 * @param {() => Promise<Page>} open its context is closed afterwards
 * @param {number} [least] controls that the page has
 */
export function forEveryUser(where, open, least = 6) {
  describe(`for every user, the ${where}`, () => {
    /** @type {Page} */
    let page;

    before(async () => {
      page = await open();
    });

    after(() => page.context().close());

    test('can be gone through by Tab, in the order of the document', async () => {
      const expected = await operable(page);
      assert.ok(expected.length >= least, String(expected));
      assert.deepEqual(await tabStops(page), expected);
    });

    test('has a name for every control', async () => {
      const found = await controls(page);
      assert.ok(found.length >= least, JSON.stringify(found));
      assert.deepEqual(
        found.filter(({ name }) => name === ''),
        [],
      );
    });

    test('does not scroll sideways on a screen of 360 pixels', async () => {
      const size = page.viewportSize();
      await page.setViewportSize({ width: 360, height: 640 });
      const [content, screen] = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return [scrollWidth, clientWidth]; // without the scroll bar, if there is one
      });
      assert.ok(screen <= 360 && content <= screen, `${content} in ${screen} pixels`);
      if (size) await page.setViewportSize(size);
    });

    for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
      test(`can be read in the ${colorScheme} colours`, async () => {
        await page.emulateMedia({ colorScheme });
        const background = await page.evaluate(
          () => getComputedStyle(document.body).backgroundColor,
        );
        const [red] = background.match(/\d+/) ?? [];
        assert.equal(Number(red) > 127, colorScheme === 'light', background);
        const found = await contrasts(page);
        assert.ok(found.length > 8, JSON.stringify(found));
        assert.deepEqual(
          found.filter(({ ratio, needed }) => ratio < needed),
          [],
        );
      });
    }
  });
}
