/** The page for everyone: axe-core finds nothing, the keyboard reaches all, narrow and dark screens hold it. */
import type { BrowserContextOptions } from 'playwright-core';
import { expect, it } from 'vitest';
import { describePage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';

const WIDE: BrowserContextOptions = { viewport: { width: 1280, height: 900 } };
const NARROW: BrowserContextOptions = { viewport: { width: 360, height: 740 }, hasTouch: true };

describePage('page access', { webgpu: false }, (stage) => {
  const open = (fragment: string, options: BrowserContextOptions = WIDE): Promise<Visit> =>
    stage.open(fragment, options);

  it.each([
    ['light', WIDE],
    ['dark', WIDE],
    ['light', NARROW],
    ['dark', NARROW],
  ] as const)('axe-core finds nothing: %s, %o', async (colorScheme, size) => {
    const visit = await open('#prompt=The%20Eiffel%20Tower%20is%20in%20the%20city%20of', {
      ...size,
      colorScheme,
    });
    await visit.state('done');
    await visit.cell(7, 8).press('Enter');
    await visit.page.getByRole('button', { name: /^Unpin/ }).waitFor();
    await visit.page.waitForTimeout(400); // rows fade in
    for (const name of ['probability', 'entropy', 'KL']) {
      await visit.page.getByRole('radio', { name, exact: true }).first().check({ force: true });
      expect(await visit.violations()).toEqual([]);
    }
    expect(
      await visit.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      ),
    ).toBe(0);

    await visit.page.getByRole('button', { name: 'Definitions' }).click();
    await visit.page.getByRole('dialog', { name: 'What each reading means' }).waitFor();
    expect(await visit.violations()).toEqual([]);
    await visit.page.keyboard.press('Escape');
    await visit.page.getByRole('button', { name: /^wasm/ }).click();
    await visit.page.getByRole('dialog', { name: 'About this run' }).waitFor();
    expect(await visit.violations()).toEqual([]);
    await visit.page.keyboard.press('Escape');

    await visit.prompt.fill('');
    await visit.run.click();
    await visit.state('error');
    expect(await visit.violations()).toEqual([]);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('the keyboard walks the table, pins and clears', async () => {
    const visit = await open('#prompt=stone%20river%20moon%20fish%20stone%20river%20moon');
    await visit.state('done');
    const { keyboard } = visit.page;
    const here = (): Promise<string | null> =>
      visit.page.getByRole('gridcell', { selected: true }).getAttribute('aria-label');
    const at = async (place: string): Promise<void> => {
      await expect.poll(here).toMatch(new RegExp(`^${place} `));
      // The focus went with the selection, and one cell alone is in the tab order.
      expect(await visit.grid.locator('[role=gridcell][tabindex="0"]').count()).toBe(1);
      expect(
        await visit.page.getByRole('gridcell', { selected: true }).evaluate((cell) => cell.matches(':focus')),
      ).toBe(true);
    };
    await visit.grid.locator('[role=gridcell][tabindex="0"]').focus();
    await at('Layer 7, position 7');
    await keyboard.press('ArrowUp');
    await keyboard.press('ArrowRight');
    await at('Layer 7, position 7');
    await keyboard.press('ArrowLeft');
    await keyboard.press('ArrowDown');
    await at('Layer 6, position 6');
    await keyboard.press('PageDown');
    await at('Layer 1, position 6');
    await keyboard.press('PageDown');
    await at('Embedding, layer −1, position 6');
    await keyboard.press('Home');
    await at('Embedding, layer −1, position 0');
    await keyboard.press('Control+Home');
    await at('Layer 7, position 0');
    await keyboard.press('Control+End');
    await at('Embedding, layer −1, position 7');
    await keyboard.press('Control+Home');
    await keyboard.press('End');
    await at('Layer 7, position 7');

    await keyboard.press('Enter');
    await visit.page.getByRole('button', { name: 'Unpin ·fish' }).waitFor();
    await keyboard.press('Escape');
    await expect.poll(() => visit.page.getByRole('button', { name: 'Unpin ·fish' }).count()).toBe(0);
    await at('Layer 7, position 7');
    await visit.end();
  });

  it('the pointer shows a cell, the chart and the table point at each other', async () => {
    const visit = await open('#prompt=The%20opposite%20of%20hot%20is');
    await visit.state('done');
    await visit.cell(3, 2).hover();
    await visit.page.getByRole('heading', { name: /^Layer 3, after ·opposite/ }).waitFor();
    await visit.page.getByRole('heading', { name: /^What each layer/ }).hover();
    await visit.page.getByRole('heading', { name: /^Layer 7, after ·is/ }).waitFor();
    const chart = visit.page.getByRole('img', { name: /^Entropy by layer/ });
    await visit.page.locator('rs-lens-charts').scrollIntoViewIfNeeded();
    await chart.waitFor();
    await chart.scrollIntoViewIfNeeded();
    const box = await chart.boundingBox();
    if (!box) throw new Error('no chart');
    await visit.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await visit.page.getByRole('heading', { name: /^Layer [234], after ·is/ }).waitFor();
    await visit.end();
  });

  it('a tap selects on a narrow screen, and the table scrolls inside itself', async () => {
    const visit = await open('#prompt=When%20Mary%20and%20John%20went%20to%20the%20store', NARROW);
    await visit.state('done');
    // The answer's column is in sight.
    await expect.poll(async () => (await visit.cell(7, 8).boundingBox())?.x ?? 999).toBeLessThan(310);
    await visit.cell(2, 8).tap();
    await visit.page.getByRole('heading', { name: /^Layer 2, after/ }).waitFor();
    await visit.end();
  });

  it('a chosen scheme stays', async () => {
    const visit = await open('#prompt=The%20dog');
    await visit.state('done');
    const scheme = (): Promise<string | undefined> =>
      visit.page.evaluate(() => document.documentElement.dataset['scheme']);
    expect(await scheme()).toBe('light');
    await visit.page.getByRole('button', { name: 'Colours: Auto. Change' }).click();
    await visit.page.getByRole('button', { name: 'Colours: Light. Change' }).click();
    expect(await scheme()).toBe('dark');
    await visit.page.reload();
    await visit.page.getByRole('button', { name: 'Colours: Dark. Change' }).waitFor();
    expect(await scheme()).toBe('dark');
    await visit.end();
  });
});
