/** The lens table in a real browser, its numbers held against the library's own: long prompts, targets, pins, cards. */
import type { BrowserContextOptions } from 'playwright-core';
import { expect, it } from 'vitest';
import type { LensModel } from '../../engine/node.ts';
import type { LayerReadings } from '../../shared/lens/readings.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { describePage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';

const TOWER = 'The Eiffel Tower is in the city of';
const LONG = Array.from({ length: 36 }, () => 'The old man went to the sea').join(' ');

interface Run {
  readonly ids: readonly number[];
  readonly rows: readonly LayerReadings[];
  readonly text: (id: number) => string;
}

async function libraryRun(model: LensModel, prompt: string, mid = false): Promise<Run> {
  const { ids } = model.tokenizer.encode(prompt);
  const rows: LayerReadings[] = [];
  for await (const event of model.stream(ids, { lens: { k: 10, mid } })) {
    if (event.type === 'readings') rows.push(event.readings);
  }
  const texts = new Map(rows.flatMap((row) => [...row.topIds]).map((id) => [id, model.tokenizer.text(id)]));
  return { ids, rows, text: (id) => texts.get(id) ?? '' };
}

/** What a cell must say of a row's top token. */
function expectCell(run: Run, row: LayerReadings, pos: number): { text: string; probability: number } {
  return {
    text: visibleText(run.text(row.topIds[pos * row.k] ?? -1)),
    probability: Math.exp(row.topLogprobs[pos * row.k] ?? Number.NaN),
  };
}

describePage('lens table', { webgpu: false, model: true }, (stage) => {
  const open = (fragment: string, options: BrowserContextOptions = {}): Promise<Visit> =>
    stage.open(fragment, options);

  it('holds a long prompt: what is in sight is there, the keyboard reaches every cell', async () => {
    const run = await libraryRun(stage.model, LONG);
    const visit = await open(`#device=wasm&prompt=${encodeURIComponent(LONG)}`);
    await visit.state('done');
    const last = run.ids.length - 1;
    expect(last).toBeGreaterThan(240);
    expect(await visit.grid.getAttribute('aria-colcount')).toBe(String(run.ids.length + 1));
    expect(await visit.grid.getAttribute('aria-rowcount')).toBe('10');
    const count = await visit.page.getByRole('gridcell').count();
    expect(count).toBeGreaterThan(50);
    expect(count).toBeLessThan((run.ids.length * 9) / 4);

    const check = async (layer: number, pos: number): Promise<void> => {
      const row = run.rows[layer + 1];
      if (!row) throw new Error(`no row ${layer}`);
      const cell = visit.cell(layer, pos);
      const wanted = expectCell(run, row, pos);
      await expect.poll(() => cell.textContent()).toBe(wanted.text);
      const said = Number(/probability ([\d.e-]+)$/.exec((await cell.getAttribute('aria-label')) ?? '')?.[1]);
      expect(Math.abs(said - wanted.probability)).toBeLessThan(0.002);
      expect(await cell.getAttribute('aria-colindex')).toBe(String(pos + 2));
    };
    await check(7, last);
    const { keyboard } = visit.page;
    await visit.grid.locator('[role=gridcell][tabindex="0"]').focus();
    await keyboard.press('Home');
    await check(7, 0);
    const focused = (): Promise<string> =>
      visit.page
        .getByRole('gridcell', { selected: true })
        .evaluate((cell) =>
          cell.matches(':focus') ? (cell.getAttribute('aria-colindex') ?? '') : 'no focus',
        );
    for (let i = 0; i < 40; i++) await keyboard.press('ArrowRight');
    await expect.poll(focused).toBe('42');
    await check(7, 40);
    await keyboard.press('PageDown');
    await check(2, 40);

    // Scrolled away, the cell with the keyboard's place stays, and the next key comes back to it.
    await visit.grid.evaluate((grid) => ((grid.getRootNode() as ShadowRoot).host.scrollLeft = 9000));
    await check(5, 150);
    await expect.poll(focused).toBe('42');
    await keyboard.press('ArrowRight');
    await expect.poll(focused).toBe('43');
    await expect.poll(async () => ((await visit.cell(2, 41).boundingBox())?.x ?? -1) > 0).toBe(true);
    await keyboard.press('End');
    await check(2, last);
    expect(await visit.violations()).toEqual([]);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('shows rows after attention, with the library’s numbers, and restores them', async () => {
    const run = await libraryRun(stage.model, TOWER, true);
    const visit = await open(`#device=wasm&prompt=${encodeURIComponent(TOWER)}`);
    await visit.state('done');
    expect(await visit.grid.getByRole('rowheader').count()).toBe(9);
    await visit.page.getByRole('checkbox', { name: 'after attention' }).check();
    await expect.poll(() => visit.grid.getByRole('rowheader').count()).toBe(17);
    await visit.state('done');
    for (const row of run.rows.filter(({ mid }) => mid)) {
      const cell = visit.page.getByRole('gridcell', {
        name: new RegExp(`^Layer ${row.layer} after attention, position 8 `),
      });
      await expect.poll(() => cell.textContent()).toBe(expectCell(run, row, 8).text);
    }
    await expect.poll(() => visit.page.url()).toContain('mid=1');
    const again = await open(new URL(visit.page.url()).hash);
    await again.state('done');
    expect(await again.grid.getByRole('rowheader').count()).toBe(17);
    await again.end();
    await visit.end();
  });

  it('colours by a target that the reader searches, and pins all spellings of a word', async () => {
    const visit = await open(`#device=wasm&prompt=${encodeURIComponent(TOWER)}&color=rank`);
    await visit.state('done');
    await visit.page.getByRole('combobox', { name: 'Target' }).selectOption('search');
    await visit.page.getByRole('combobox', { name: 'Token' }).fill('London');
    await visit.page
      .getByRole('option', { name: /London/ })
      .first()
      .click();
    await visit.page.getByText('rank of “').first().waitFor();
    await expect.poll(() => visit.page.url()).toMatch(/target=\d+/);
    // The embedding row finds London nowhere near the top, the last row second.
    const background = (layer: number): Promise<string> =>
      visit.cell(layer, 8).evaluate((cell) => getComputedStyle(cell).backgroundColor);
    await expect.poll(() => background(7)).not.toBe(await background(-1));

    await visit.page.locator('rs-lens-charts').scrollIntoViewIfNeeded();
    await visit.page.getByRole('button', { name: 'Pin another token…' }).click();
    await visit.page.getByRole('combobox', { name: 'Token' }).fill('the');
    await visit.page.getByRole('listbox', { name: 'Tokens found' }).getByRole('option').first().waitFor();
    await visit.page.keyboard.press('Enter');
    const spell = visit.page.getByRole('button', { name: 'All spellings of the' });
    expect(await spell.getAttribute('aria-pressed')).toBe('false');
    await spell.click();
    await expect.poll(() => spell.getAttribute('aria-pressed')).toBe('true');
    // “the”, “ the”, “The”, “ The”
    await expect.poll(() => visit.page.url()).toMatch(/pins=\d+-\d+-\d+/);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('a card shows beside the cell and never on it; Escape closes it; touch gets a sheet', async () => {
    const visit = await open(`#device=wasm&prompt=${encodeURIComponent(TOWER)}`);
    await visit.state('done');
    const apart = async (
      cell: [number, number],
      card: ReturnType<typeof visit.page.locator>,
    ): Promise<boolean> => {
      const [a, b] = [await visit.cell(...cell).boundingBox(), await card.boundingBox()];
      if (!a || !b) throw new Error('no box');
      return a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
    };
    const card = visit.page.getByRole('tooltip', { name: 'Cell in short' });
    for (const cell of [
      [3, 4],
      [7, 8],
      [0, 0],
    ] as [number, number][]) {
      await visit.cell(...cell).hover();
      await card.getByText(`Layer ${cell[0]}, after`).waitFor();
      expect(await apart(cell, card)).toBe(true);
    }
    await visit.page.keyboard.press('Escape');
    await expect.poll(() => card.isVisible()).toBe(false);
    await visit.end();

    const narrow = { viewport: { width: 360, height: 740 }, hasTouch: true };
    const touch = await open(`#device=wasm&prompt=${encodeURIComponent(TOWER)}`, narrow);
    await touch.state('done');
    await touch.cell(6, 8).scrollIntoViewIfNeeded();
    const box = await touch.cell(6, 8).boundingBox();
    if (!box) throw new Error('no cell');
    const protocol = await touch.page.context().newCDPSession(touch.page);
    const finger = { x: box.x + 20, y: box.y + 12 };
    await protocol.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [finger] });
    const sheet = touch.page.getByRole('dialog', { name: 'Cell in short' });
    await sheet.getByText('Layer 6, after').waitFor();
    await protocol.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    const place = await sheet.boundingBox();
    expect(place?.width).toBe(360);
    expect((place?.y ?? 0) >= box.y + box.height || (place?.y ?? 0) + (place?.height ?? 0) <= box.y).toBe(
      true,
    );
    expect(await touch.violations()).toEqual([]);
    await sheet.getByRole('button', { name: 'Close' }).tap();
    await expect.poll(() => sheet.isVisible()).toBe(false);
    await touch.end();
  });
});
