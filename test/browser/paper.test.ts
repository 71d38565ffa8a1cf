/** The page on paper, in the system's own colours, and with more contrast. */
import { expect, it } from 'vitest';
import { visibleText } from '../../shared/picture/visible.ts';
import { describePage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';

const TOWER = 'The Eiffel Tower is in the city of';
const LONG = `${TOWER} many bridges and old towers`;
const address = (prompt: string, view = 'lens'): string =>
  `#device=wasm&prompt=${encodeURIComponent(prompt)}&view=${view}`;

/** Asks to print as a reader does, and shows what would come on paper. */
async function onPaper(visit: Visit): Promise<void> {
  await visit.page.evaluate(() => {
    Object.assign(globalThis, { print: () => document.documentElement.setAttribute('data-printed', '') });
  });
  await visit.page.keyboard.press('Control+p');
  await visit.page.locator('html[data-printed]').waitFor();
  await visit.page.emulateMedia({ media: 'print' });
}

describePage('paper and colours', { webgpu: false, model: true }, (stage) => {
  it('prints the whole table, light, without controls; then the page is as it was', async () => {
    const visit = await stage.open(address(LONG), {
      colorScheme: 'dark',
      viewport: { width: 718, height: 900 },
    });
    const { page } = visit;
    await visit.state('done');
    await onPaper(visit);
    await page.locator('html[data-scheme="light"]').waitFor();

    const { ids } = stage.model.tokenizer.encode(LONG);
    const sheet = page.locator('rs-print-sheet');
    const words = await sheet
      .locator('table')
      .evaluateAll((tables) =>
        tables.map((table) =>
          [...table.querySelectorAll('tbody tr')].map((row) =>
            [...row.querySelectorAll('td')].map((cell) => cell.textContent.trim()),
          ),
        ),
      );
    // Blocks of ten columns; layers from the last down to the embedding.
    expect(words.map((rows) => rows.length)).toEqual(Array.from(words, () => stage.model.spec.nLayers + 1));
    expect(words.map((rows) => rows[0]?.length)).toEqual([10, ids.length - 10]);
    for await (const event of stage.model.stream(ids, { lens: { k: 1 } })) {
      if (event.type !== 'readings') continue;
      const { layer, topIds } = event.readings;
      const line = words.flatMap((rows) => rows[stage.model.spec.nLayers - 1 - layer] ?? []);
      expect(line).toEqual(Array.from(topIds, (id) => visibleText(stage.model.tokenizer.text(id)).trim()));
    }
    for (const control of [visit.run, visit.prompt, visit.grid, page.getByRole('tablist')])
      expect(await control.isVisible()).toBe(false);
    // What is left of buttons are the candidates, which are the reading.
    const buttons = await page.getByRole('button').filter({ visible: true }).allTextContents();
    expect(buttons.filter((text) => !/\d$/.test(text.trim()))).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    expect(await visit.violations()).toEqual([]);

    const pdf = (await page.pdf()).toString('latin1');
    expect(pdf.startsWith('%PDF')).toBe(true);

    await page.emulateMedia({ media: 'screen' });
    await page.locator('html[data-scheme="dark"]').waitFor();
    expect(await sheet.isVisible()).toBe(false);
    expect(await visit.grid.isVisible()).toBe(true);
    await visit.end();
  });

  it.each(['attention', 'attribution', 'directions', 'compare'])(
    'prints the %s view under the prompt, without the controls',
    async (view) => {
      const visit = await stage.open(`${address(TOWER, view)}&compare=The%20Colosseum%20is%20in`, {
        viewport: { width: 718, height: 900 },
      });
      const { page } = visit;
      await visit.state('done');
      await page.getByRole('tabpanel').getByRole('heading').first().waitFor();
      await onPaper(visit);
      const sheet = page.locator('rs-print-sheet');
      await sheet.getByText(`<|endoftext|>${TOWER}`).waitFor();
      expect(await sheet.locator('table').count()).toBe(0);
      expect(await page.getByRole('tabpanel').getByRole('heading').first().isVisible()).toBe(true);
      expect(await visit.run.isVisible()).toBe(false);
      expect(await page.locator('select').filter({ visible: true }).count()).toBe(0);
      if (view === 'compare')
        await page.getByRole('grid', { name: 'Two runs side by side' }).waitFor({ state: 'visible' });
      await visit.end();
    },
  );

  it.each(['light', 'dark'] as const)(
    'forced colours, %s: the system’s, and the data’s own',
    async (colorScheme) => {
      const visit = await stage.open(address(TOWER), { colorScheme, forcedColors: 'active' });
      const { page } = visit;
      await visit.state('done');
      const colours = await page.evaluate(() => {
        const of = (element: Element | null | undefined, property: string): string =>
          element ? getComputedStyle(element).getPropertyValue(property) : 'missing';
        const system = (name: string): string => {
          const probe = document.createElement('i');
          probe.style.cssText = `forced-color-adjust:none;color:${name}`;
          document.body.append(probe);
          const found = of(probe, 'color');
          probe.remove();
          return found;
        };
        const app = document.querySelector('rs-app')?.shadowRoot;
        const grid = app?.querySelector('rs-lens')?.shadowRoot?.querySelector('rs-lens-grid')?.shadowRoot;
        return {
          page: of(document.body, 'background-color'),
          canvas: system('Canvas'),
          tab: of(app?.querySelector('[role="tab"][aria-selected="true"]'), 'background-color'),
          highlight: system('Highlight'),
          cells: [...(grid?.querySelectorAll('[role="gridcell"]') ?? [])].map((cell) =>
            of(cell, 'background-color'),
          ),
        };
      });
      expect(colours.page).toBe(colours.canvas);
      expect(colours.tab).toBe(colours.highlight);
      // Cells keep their reading: many colours, not one.
      expect(new Set(colours.cells).size).toBeGreaterThan(10);
      expect(visit.complaints).toEqual([]);
      await visit.end();
    },
  );

  it.each(['light', 'dark'] as const)('more contrast, %s', async (colorScheme) => {
    const visit = await stage.open(address(TOWER), { colorScheme, contrast: 'more' });
    await visit.state('done');
    expect(await visit.violations()).toEqual([]);
    // Dim words reach 7 : 1 on the page's ground (WCAG 1.4.6).
    const ratio = await visit.page.evaluate(() => {
      const luminance = (name: string): number => {
        const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
        const [r = 0, g = 0, b = 0] = [1, 3, 5]
          .map((i) => Number.parseInt(hex.slice(i, i + 2), 16) / 255)
          .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const [a, b] = [luminance('--dim'), luminance('--bg')];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    });
    expect(ratio).toBeGreaterThan(7);
    await visit.end();
  });
});
