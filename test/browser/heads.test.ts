/** The heads view as a reader meets it: scores, circuit and files held against the library's own numbers. */
import { readFile } from 'node:fs/promises';
import type { BrowserContextOptions, Locator } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import type { HeadsReading } from '../../engine/node.ts';
import { strongestEdges } from '../../shared/heads/graph.ts';
import { byScore, headName, scoreAt, SORTABLE } from '../../shared/heads/reading.ts';
import { scoreText, withSpread } from '../../site/words/heads.ts';
import { describePage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';

const PROMPT = 'The Eiffel Tower is in the city of';
const address = (more = ''): string =>
  `#model=fable-4m&device=wasm&view=heads&prompt=${encodeURIComponent(PROMPT)}${more}`;

describePage('heads view', { webgpu: false, model: true }, (stage) => {
  let reading: HeadsReading;

  beforeAll(async () => {
    reading = await stage.model.heads();
  });

  const open = async (more = '', options: BrowserContextOptions = {}): Promise<Visit> => {
    const visit = await stage.open(address(more), options);
    await visit.state('done');
    await visit.page.getByRole('grid', { name: /score of every head/ }).waitFor();
    return visit;
  };
  const card = (visit: Visit, name: string): Locator => visit.page.getByRole('region', { name });
  const top = (score: (typeof SORTABLE)[number]): number => byScore(reading, score)[0] ?? -1;

  it('shows the library’s scores in map and list; a score sorts both; a cell opens the head', async () => {
    const visit = await open();
    const { page } = visit;
    const { heads } = reading;
    for (const score of ['induction', 'copying', 'deleting'] as const) {
      await page.getByRole('radio', { name: score, exact: true }).check({ force: true });
      const grid = page.getByRole('grid', { name: new RegExp(`^${score} score`) });
      const texts = await grid
        .getByRole('gridcell')
        .evaluateAll((cells) =>
          cells.filter((cell) => cell.hasAttribute('aria-label')).map((cell) => cell.textContent),
        );
      expect(texts).toEqual(
        Array.from(reading.copying.keys(), (at) =>
          scoreText(scoreAt(reading, score, at)).replace(/^(−?)0\./, '$1.'),
        ),
      );
    }
    await card(visit, 'The heads by').getByRole('button', { name: 'previous token' }).click();
    await expect.poll(() => page.url()).toContain('score=previous');
    await page.getByRole('button', { name: `All ${reading.copying.length} heads` }).click();
    const rows = await page
      .getByRole('region', { name: 'Scores of the heads' })
      .locator('tbody tr')
      .evaluateAll((all) =>
        all.map((row) => Array.from(row.querySelectorAll('th, td'), (cell) => cell.textContent.trim())),
      );
    expect(rows.map((row) => row.slice(0, 8))).toEqual(
      byScore(reading, 'previous').map((at) => [
        headName({ layer: Math.floor(at / heads), head: at % heads }),
        ...SORTABLE.map((score) => withSpread(reading, score, at)),
      ]),
    );

    const best = top('previous');
    const place = { layer: Math.floor(best / heads), head: best % heads };
    const cell = page.getByRole('gridcell', {
      name: new RegExp(`^Head ${place.head} of layer ${place.layer}:`),
    });
    await cell.focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await page
      .getByRole('heading', { name: new RegExp(`^Head ${place.head} of layer ${place.layer}`) })
      .waitFor();
    // The attention view knows it by its label.
    await page.locator('.said .pill', { hasText: 'previous token' }).waitFor();
    await expect.poll(() => page.url()).toMatch(new RegExp(`layer=${place.layer}.*head=${place.head}`));
    expect(visit.complaints).toEqual([]);
    expect(visit.strangers).toEqual([]);
    await visit.end();
  });

  it('tells the induction circuit, and shows it on the reader’s text', async () => {
    const visit = await open();
    const { page } = visit;
    const { model } = stage;
    const { pair, sentence } = reading;
    if (!pair) throw new Error('fable-4m has an induction pair');
    const box = card(visit, 'The induction circuit');
    await box.getByText(sentence).waitFor();
    const text = 'My name is Anna Keller. Hello, Anna';
    await box.getByRole('textbox').fill(text);
    await box.getByRole('button', { name: 'Show it', exact: true }).click();
    const { ids } = model.tokenizer.encode(text);
    const last = ids.length - 1;
    const earlier = ids.lastIndexOf(ids[last] ?? -1, last - 1);
    const following = ids[earlier + 1] ?? -1;
    const p = async (off?: { readonly layer: number; readonly head: number }): Promise<number> => {
      const interventions = off ? [{ hook: `blocks.${off.layer}.attn.hook_z`, units: [off.head] }] : [];
      const cache = await model.runWithCache(ids, { hooks: ['logits'], interventions });
      const logits = (await cache.get('logits')?.data())?.slice(-model.spec.dVocab) ?? new Float32Array();
      const most = logits.reduce((a, b) => Math.max(a, b));
      const sum = logits.reduce((s, x) => s + Math.exp(x - most), 0);
      return Math.exp((logits[following] ?? NaN) - most) / sum;
    };
    const expected = [await p(), await p(pair.previous), await p(pair.induction)];
    const shown = async (): Promise<number[]> =>
      (await box.locator('table.bars .number').allTextContents()).map(Number);
    await expect.poll(async () => (await shown())[0]).toBeCloseTo(expected[0] ?? NaN, 2);
    for (const [i, value] of (await shown()).entries()) expect(value).toBeCloseTo(expected[i] ?? NaN, 2);

    await box.getByRole('textbox').fill('Nothing comes twice here');
    await page.keyboard.press('Enter');
    await box.getByText('The last token did not stand before').waitFor();
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('draws the strongest compositions; the threshold takes the weak ones away', async () => {
    const visit = await open('&compose=v');
    const box = card(visit, 'Composition');
    const strongest = strongestEdges(reading.composition?.v ?? new Float32Array(), reading, 80);
    await expect.poll(() => box.locator('path.edge').count()).toBe(20);
    await box.getByText('As a table').click();
    const shown = await box
      .locator('tbody tr')
      .evaluateAll((rows) =>
        rows.map((row) => Array.from(row.querySelectorAll('td'), (cell) => cell.textContent.trim())),
      );
    expect(shown).toEqual(
      strongest.slice(0, 20).map(({ from, to, value }) => [headName(from), headName(to), value.toFixed(3)]),
    );
    const slider = box.getByRole('slider');
    await slider.focus();
    await visit.page.keyboard.press('End');
    await expect.poll(() => box.locator('path.edge').count()).toBe(1);
    await visit.page.keyboard.press('Home');
    await expect.poll(() => box.locator('path.edge').count()).toBe(80);
    await box.getByRole('radio', { name: 'K', exact: true }).check({ force: true });
    await box.locator('path.edge.own').waitFor();
    await visit.end();
  });

  it('goes along as SVG, CSV and JSON; a second visit reads what the device keeps', async () => {
    const visit = await open();
    const { page } = visit;
    await page.getByRole('button', { name: 'Export' }).click();
    const save = async (name: string | RegExp): Promise<string> => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name }).click(),
      ]);
      return readFile(await download.path(), 'utf8');
    };
    const lines = (await save(/Heads by induction as CSV/)).trim().split(/\r?\n/);
    expect(lines).toHaveLength(1 + reading.copying.length);
    const at = top('induction');
    const [layer, head] = lines[1 + at]?.split(',') ?? [];
    expect(`${layer}.${head}`).toBe(`${Math.floor(at / reading.heads)}.${at % reading.heads}`);
    const json = JSON.parse(await save(/Heads by induction as JSON/)) as {
      heads: { induction: { mean: number } }[];
    };
    expect(json.heads[at]?.induction.mean).toBeCloseTo(reading.patterns.induction.mean[at] ?? NaN, 4);
    expect(await save(/Heads by induction as SVG/)).toMatch(/^<svg /);
    expect(await save(/K-composition.* as SVG/)).toContain('class="edge"');
    await page.keyboard.press('Escape');

    await page.reload();
    await visit.state('done');
    await page.getByRole('grid', { name: /score of every head/ }).waitFor();
    const kept = await page.evaluate(async () => {
      const cache = await caches.open('residscope-heads-1');
      return (await cache.keys()).length;
    });
    expect(kept).toBe(1);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('can be cancelled, and says what comes before a model is there', async () => {
    const visit = await stage.open(address());
    const { page } = visit;
    await visit.state('done');
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('heading', { name: 'Cancelled' }).waitFor();
    await page.getByRole('button', { name: 'Read the heads' }).click();
    await page.getByRole('grid', { name: /score of every head/ }).waitFor();
    await visit.end();
    const empty = await stage.open('#model=fable-4m&view=heads&prompt=');
    await empty.page.getByText('No model is here yet').waitFor();
    expect(await empty.violations()).toEqual([]);
    await empty.end();
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)('axe-core finds nothing, and nothing sticks out: %s, %i px', async (colorScheme, width) => {
    const visit = await open('', { colorScheme, viewport: { width, height: 800 } });
    await card(visit, 'The induction circuit').locator('table.bars').waitFor();
    for (const summary of await visit.page.locator('rs-view summary:visible').all()) await summary.click();
    expect(await visit.violations()).toEqual([]);
    const over = await visit.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(over).toBe(0);
    await visit.end();
  });
});
