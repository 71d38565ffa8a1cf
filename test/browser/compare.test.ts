/** Two runs side by side as a reader meets them: what stands in the table is held against the library's own numbers. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContextOptions, Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ComparedRow, LensModel } from '../../engine/node.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { readBytes } from '../support/addresses.ts';
import { importLibrary } from '../support/library.ts';
import { routeModel } from '../support/model-route.ts';
import { describePage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';

const [FRANCE, JAPAN] = ['The capital of France is', 'The capital of Japan is'];
const A = `#model=fable-4m&device=wasm&view=compare&prompt=${encodeURIComponent(FRANCE)}`;
const BOTH = `${A}&compare=${encodeURIComponent(JAPAN)}`;
const FILES = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'];
const SHORTER = 'https://models.example/shorter/';
const OTHER = 'https://models.example/other-words/';

describePage('compare view', { webgpu: false, model: true }, (stage) => {
  let folder = '';
  /** fable-4m without its last two blocks. */
  const shorter = new Map<string, Uint8Array>();
  /** The same with two words of its vocabulary exchanged. */
  const otherWords = new Map<string, Uint8Array>();
  let short: LensModel;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'residscope-page-compare-'));
    for (const name of FILES) {
      const bytes = await readBytes(`site/public/models/fable-4m/${name}`);
      shorter.set(name, bytes);
      otherWords.set(name, bytes);
    }
    const text = (name: string): string => new TextDecoder().decode(shorter.get(name));
    const config = { ...(JSON.parse(text('config.json')) as object), n_layer: 6 };
    shorter.set('config.json', new TextEncoder().encode(JSON.stringify(config)));
    const tokenizer = JSON.parse(text('tokenizer.json')) as { model: { vocab: Record<string, number> } };
    const { vocab } = tokenizer.model;
    const [one, two] = [vocab['ĠParis'] ?? -1, vocab['ĠTokyo'] ?? -1];
    Object.assign(vocab, { ĠParis: two, ĠTokyo: one });
    otherWords.set('tokenizer.json', new TextEncoder().encode(JSON.stringify(tokenizer)));
    for (const [name, bytes] of shorter) await writeFile(join(folder, name), bytes);
    short = await (await importLibrary()).LensModel.load(folder, { device: 'wasm' });
  });
  afterAll(async () => {
    await short.dispose();
    await rm(folder, { recursive: true });
  });

  const grid = (visit: Visit): Locator => visit.page.getByRole('grid', { name: 'Two runs side by side' });
  const cellAt = (visit: Visit, row: string, column: number): Locator =>
    grid(visit).getByRole('gridcell', { name: new RegExp(`^${row}, column ${column} `) });

  async function rowsOf(
    options: Parameters<LensModel['compare']>[2] = {},
    b = JAPAN,
  ): Promise<ComparedRow[]> {
    const { tokenizer } = stage.model;
    const rows: ComparedRow[] = [];
    const runs = stage.model.compare(tokenizer.encode(FRANCE).ids, tokenizer.encode(b).ids, options);
    for await (const row of runs) rows.push(row);
    return rows;
  }

  async function open(fragment: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const visit = await stage.open(fragment, options);
    await visit.state('done');
    return visit;
  }

  /** Until all rows are read, and what is then said. */
  async function read(visit: Visit): Promise<string> {
    const said = visit.page.getByText(/(is the easier prediction|neither is easier|about as easy)/);
    await said.waitFor({ timeout: 60_000 });
    return (await said.textContent()) ?? '';
  }

  const token = (id: number | undefined): string => visibleText(stage.model.tokenizer.text(id ?? -1));
  const shownP = (logprob: number | undefined): string => {
    const p = Math.exp(logprob ?? NaN);
    return p >= 0.9995 ? '' : p >= 0.01 ? p.toFixed(3) : '';
  };

  /** Every cell's tokens and the number in its name, against the library. */
  async function compare(visit: Visit, rows: readonly ComparedRow[]): Promise<void> {
    for (const { layers, cells } of rows) {
      const name = ({ a, b }: ComparedRow['layers']): string => {
        const of = (layer: number | undefined): string =>
          (layer ?? -1) < 0 ? 'embedding' : `layer ${layer}`;
        const words = a === b ? of(a) : `${of(a)} of A, ${of(b)} of B`;
        return words.charAt(0).toUpperCase() + words.slice(1);
      };
      for (let c = 0; c < cells.cells; c++) {
        const cell = cellAt(visit, name(layers), c);
        const tops = [cells.a, cells.b].map((side) => token(side.topIds[c * cells.k]));
        const lines = tops[0] === tops[1] ? tops.slice(0, 1) : tops;
        expect(await cell.locator('span:visible').allTextContents()).toEqual(lines);
        const said = (await cell.getAttribute('aria-label')) ?? '';
        const kl = Number(/KL of A from B ([\d.]+) nats$/.exec(said)?.[1]);
        expect(Math.abs(kl - (cells.klAB[c] ?? NaN))).toBeLessThan(0.006);
        expect(said).toContain(shownP(cells.a.topLogprobs[c * cells.k]));
        expect(said).toContain(shownP(cells.b.topLogprobs[c * cells.k]));
      }
    }
  }

  it('two prompts: cells, sentences, charts and card show the library’s numbers', async () => {
    const visit = await open(BOTH);
    const said = await read(visit);
    const rows = await rowsOf();
    await compare(visit, rows);
    const last = rows.at(-1)?.cells;
    if (!last) throw new Error('no rows');
    const end = last.cells - 1;
    const surer = (last.a.entropy[end] ?? 0) < (last.b.entropy[end] ?? 0) ? 'A' : 'B';
    expect(said).toContain(surer);
    const sentence = visit.page.getByText(/^\s*A says/);
    expect(await sentence.textContent()).toMatch(/A says ·Paris after ·is .*; B says ·Tokyo after ·is/s);
    expect(await sentence.textContent()).toContain(`entropy ${last.a.entropy[end]?.toFixed(2)} nats`);

    const box = visit.page.getByRole('region', { name: 'Divergence, nats' });
    await box.getByText('As a table').click();
    const values = await box.locator('tbody td:nth-child(2)').allTextContents();
    expect(values).toHaveLength(rows.length);
    rows.forEach(({ cells }, r) => expect(Number(values[r])).toBeCloseTo(cells.klAB[end] ?? NaN, 1));

    await cellAt(visit, 'Layer 7', end).hover();
    const card = visit.page.getByRole('tooltip', { name: 'Cell in short' });
    await card.getByText(/^Layer 7, after/).waitFor();
    expect(await card.locator('.lists li:first-child span:first-child').allTextContents()).toEqual([
      '·Paris',
      '·Tokyo',
    ]);
    const rank = card.getByRole('row', { name: /^rank, ·Paris/ }).getByRole('cell');
    expect(await rank.allTextContents()).toEqual([
      '0',
      String(last.b.otherTop.ranks[end]),
      `+${last.b.otherTop.ranks[end]}`,
    ]);
    expect(visit.complaints).toEqual([]);
    expect(visit.strangers).toEqual([]);
    await visit.end();
  });

  it('colours, the followed token, keys and the form go into the address, which brings them back', async () => {
    const visit = await open(A);
    const { page } = visit;
    await page.getByText('Beside what?').waitFor();
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await page.getByText('the same run twice').waitFor();
    await page.getByRole('textbox', { name: 'Other text' }).fill('Here, the capital of Japan is');
    await page.getByRole('textbox', { name: 'Other text' }).press('Enter');
    await read(visit);
    // Tokens that B alone has stand in columns of their own.
    const alone = grid(visit).getByRole('columnheader', { name: /in B alone/ });
    expect(await alone.count()).toBeGreaterThan(0);
    await page.getByRole('radio', { name: 'rank' }).check();
    await page.getByRole('combobox', { name: 'Whose' }).selectOption('search');
    await page.getByRole('combobox', { name: 'Token' }).fill('Paris');
    await page.getByRole('option', { name: /^·Paris/ }).click();
    await page.getByText('rank of “·Paris”').first().waitFor();
    await read(visit);
    const end = stage.model.tokenizer.encode('Here, the capital of Japan is').ids.length - 1;
    await cellAt(visit, 'Layer 7', end).click();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => page.url()).toContain(`compare-at=7.${end - 1}`);
    const focused = cellAt(visit, 'Layer 6', end - 1);
    expect(await focused.getAttribute('aria-selected')).toBe('true');
    const label = await focused.getAttribute('aria-label');

    const again = await open(page.url().slice(stage.url.length + 1));
    await read(again);
    expect(await again.page.getByRole('radio', { name: 'rank' }).isChecked()).toBe(true);
    const back = cellAt(again, 'Layer 6', end - 1);
    expect(await back.getAttribute('aria-selected')).toBe('true');
    expect(await back.getAttribute('aria-label')).toBe(label);
    await again.end();

    await page.getByRole('button', { name: 'Swap' }).click();
    await expect.poll(() => visit.prompt.inputValue()).toBe('Here, the capital of Japan is');
    await grid(visit)
      .getByRole('columnheader', { name: /in A alone/ })
      .first()
      .waitFor();
    await read(visit);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('two models: the second opens, is compared over its own thread, and goes with the view', async () => {
    const visit = await open(A);
    const { page } = visit;
    await routeModel(page.context(), SHORTER, shorter);
    await page.getByLabel('on the model').fill('no such name');
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await page.getByText('names no model').waitFor();
    await page.getByLabel('on the model').fill(SHORTER);
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await read(visit);
    await compare(visit, await rowsOf({ other: short }, FRANCE));
    await page.getByText('layers meet at the same share of the depth').waitFor();
    const ended = (): Promise<number> => page.evaluate(() => (globalThis as { ended?: number }).ended ?? 0);
    await page.evaluate(() => {
      const counts = globalThis as { ended?: number };
      const terminate: (this: Worker) => void = Reflect.get<Worker, 'terminate'>(
        Worker.prototype,
        'terminate',
      );
      Worker.prototype.terminate = function (this: Worker): void {
        counts.ended = (counts.ended ?? 0) + 1;
        terminate.call(this);
      };
    });
    await page.getByRole('radio', { name: 'by number' }).check();
    await page.getByText('layers meet by their number').waitFor();
    await read(visit);
    const none = grid(visit).getByRole('rowheader', { name: 'Layer 7 of A, none of B' });
    await none.waitFor();
    expect(await ended()).toBe(0);
    await page.getByRole('tab', { name: 'Lens', exact: true }).click();
    await expect.poll(ended).toBe(1);
    await page.getByRole('tab', { name: 'Compare' }).click();
    await none.waitFor(); // what was read is still there
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('other vocabularies: candidates by their texts, and the reason', async () => {
    const visit = await stage.open('#model=fable-4m&view=compare&prompt=');
    await routeModel(visit.page.context(), OTHER, otherWords);
    await visit.page.goto(`${stage.url}/${A}&compare-model=${encodeURIComponent(OTHER)}`);
    await visit.page.reload();
    await visit.state('done');
    await read(visit);
    await visit.page
      .getByText(/have other vocabularies: id \d+ is "ĠTokyo" in one|id \d+ is "ĠParis" in one/)
      .waitFor();
    expect(await visit.page.getByRole('radio', { name: 'KL' }).isDisabled()).toBe(true);
    const end = stage.model.tokenizer.encode(FRANCE).ids.length - 1;
    // The same weights under exchanged names: what one calls Paris the other calls Tokyo.
    expect(await cellAt(visit, 'Layer 7', end).locator('span:visible').allTextContents()).toEqual([
      '·Paris',
      '·Tokyo',
    ]);
    await visit.end();
  });

  it('a trace beside a run of the model: candidates by their texts', async () => {
    const visit = await open(BOTH);
    const { page } = visit;
    await page.getByRole('button', { name: 'Export' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the trace' }).click(),
    ]);
    const body = await readFile(await download.path());
    await page.context().route('https://models.example/france.json', (route) =>
      route.fulfill({
        body,
        headers: { 'access-control-allow-origin': '*' },
        contentType: 'application/json',
      }),
    );
    const trace = encodeURIComponent('https://models.example/france.json');
    await page.goto(`${stage.url}/#trace=${trace}&view=compare&compare=${encodeURIComponent(JAPAN)}`);
    await page.reload();
    await visit.state('done');
    await page.getByText('A trace holds each cell’s ten best tokens').waitFor({ timeout: 60_000 });
    await read(visit);
    const end = stage.model.tokenizer.encode(FRANCE).ids.length - 1;
    const last = cellAt(visit, 'Layer 7', end).locator('span:visible');
    expect(await last.allTextContents()).toEqual(['·Paris', '·Tokyo']);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('files: the table as SVG, CSV and JSON', async () => {
    const visit = await open(BOTH);
    await read(visit);
    const rows = await rowsOf();
    await visit.page.getByRole('button', { name: 'Export' }).click();
    const file = async (format: string): Promise<string> => {
      const [download] = await Promise.all([
        visit.page.waitForEvent('download'),
        visit.page.getByRole('button', { name: `Two runs side by side as ${format}` }).click(),
      ]);
      return readFile(await download.path(), 'utf8');
    };
    const json = JSON.parse(await file('JSON')) as {
      rows: { cells: { klAB: number; a: { top: { id: number }[] } }[] }[];
    };
    expect(json.rows).toHaveLength(rows.length);
    json.rows.forEach(({ cells: theirs }, r) => {
      const cells = rows[r]?.cells;
      theirs.forEach(({ klAB, a }, c) => {
        expect(klAB).toBeCloseTo(cells?.klAB[c] ?? NaN, 4);
        expect(a.top.map(({ id }) => id)).toEqual([...(cells?.a.topIds.subarray(c * 10, c * 10 + 10) ?? [])]);
      });
    });
    const csv = (await file('CSV')).trimEnd().split('\r\n');
    expect(csv).toHaveLength(1 + rows.length * (rows[0]?.cells.cells ?? 0));
    expect(csv[0]).toMatch(/^column,a_position,a_input,a_layer/);
    const svg = await file('SVG');
    expect(svg).toContain('·Tokyo');
    // A page of its own: this one's policy refuses the picture's style sheet.
    const blank = await visit.page.context().newPage();
    const broken = await blank.evaluate(
      (text) => new DOMParser().parseFromString(text, 'image/svg+xml').querySelector('parsererror') !== null,
      svg,
    );
    expect(broken).toBe(false);
    const [png] = await Promise.all([
      visit.page.waitForEvent('download'),
      visit.page.getByRole('button', { name: 'Two runs side by side as PNG' }).click(),
    ]);
    expect((await readFile(await png.path())).subarray(1, 4).toString()).toBe('PNG');
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)('axe-core finds nothing, and nothing sticks out: %s, %i px', async (colorScheme, width) => {
    const visit = await open(`${BOTH}&compare-by=probability`, {
      colorScheme,
      viewport: { width, height: 800 },
    });
    await read(visit);
    for (const summary of await visit.page.locator('summary:visible').all()) await summary.click();
    expect(await visit.violations()).toEqual([]);
    const over = await visit.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(over).toBe(0);
    await visit.end();
  });
});
