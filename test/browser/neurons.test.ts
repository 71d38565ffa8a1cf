/** The neurons view as a reader meets it: writes, pages, texts and cosines held against the library; keys, files, link. */
import { readFile } from 'node:fs/promises';
import type { BrowserContextOptions, Locator } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import type { NeuronTriggers, NeuronWrites } from '../../engine/node.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { neuronCode } from '../../site/controllers/neurons.ts';
import { decimals } from '../../site/controllers/numbers.ts';
import { pathOf } from '../support/addresses.ts';
import { recordsOf, saved } from '../support/downloads.ts';
import { decodePng } from '../support/png.ts';
import { describePage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';

const PROMPT = 'The Eiffel Tower is in the city of';
const LAYER = 6;
const address = (more = ''): string =>
  `#model=fable-4m&device=wasm&view=neurons&layer=${LAYER}&pos=8&prompt=${encodeURIComponent(PROMPT)}${more}`;
/** As the engine's thread asks: texts, triggers a neuron, bins. */
const ASKED = { texts: 1024, top: 12, bins: 20, listed: 40 } as const;

const number = (text: string | undefined): number => Number((text ?? '').replace('−', '-'));

describePage('neurons view', { webgpu: false, model: true }, (stage) => {
  let ids: readonly number[];
  let found: NeuronWrites;
  let corpus: readonly string[];

  beforeAll(async () => {
    ({ ids } = stage.model.tokenizer.encode(PROMPT));
    found = await stage.model.neurons(ids, { pos: 8, layer: LAYER, count: 24, k: 8 });
    corpus = (await readFile(pathOf('site/public/reference/corpus.txt'), 'utf8')).split('\n').filter(Boolean);
  });

  const text = (id: number | undefined): string => visibleText(stage.model.tokenizer.text(id ?? -1));
  const open = async (more = '', options: BrowserContextOptions = {}): Promise<Visit> => {
    const visit = await stage.open(address(more), options);
    await visit.state('done');
    await visit.page.getByRole('region', { name: 'Writes of neurons' }).waitFor();
    return visit;
  };
  const rows = (region: Locator): Promise<string[][]> =>
    region
      .locator('tbody tr')
      .evaluateAll((all) =>
        all.map((row) => Array.from(row.querySelectorAll('th, td'), (cell) => cell.textContent.trim())),
      );
  const writesOf = (visit: Visit): Promise<string[][]> =>
    rows(visit.page.getByRole('region', { name: 'Writes of neurons' }));
  const placesOf = async (visit: Visit): Promise<string[][]> => {
    await visit.page.getByRole('progressbar', { name: 'Texts that turn it on' }).waitFor({ state: 'hidden' });
    const region = visit.page.getByRole('region', { name: 'Places in the texts' });
    await region.waitFor();
    return rows(region);
  };

  it('lists the library’s largest writes; layers, targets and orders change the list', async () => {
    const visit = await open();
    const { page } = visit;
    const compare = async (expected: NeuronWrites): Promise<void> => {
      const codes = expected.writes.map(neuronCode);
      await expect
        .poll(async () => (await writesOf(visit)).map(([code]) => code), { timeout: 30_000 })
        .toEqual(codes);
      for (const [i, row] of (await writesOf(visit)).entries()) {
        const write = expected.writes[i];
        expect(number(row[1])).toBeCloseTo(write?.coefficient ?? NaN, 1);
        expect(number(row[2])).toBeCloseTo(write?.length ?? NaN, 1);
        expect(number(row[3])).toBeCloseTo(write?.moves ?? NaN, 2);
        for (const id of write?.promoted.ids.subarray(0, 3) ?? []) expect(row[5]).toContain(text(id));
        for (const id of write?.suppressed.ids.subarray(0, 3) ?? []) expect(row[6]).toContain(text(id));
      }
    };
    await compare(found);
    const share = ((100 * found.listedLength) / found.totalLength).toFixed(0);
    await page.getByText(`These 24 are ${share}% of the length`).waitFor();

    await page.getByRole('radio', { name: 'how far they move it' }).check({ force: true });
    const byMoves = [...found.writes].sort((a, b) => Math.abs(b.moves) - Math.abs(a.moves));
    expect((await writesOf(visit)).map(([code]) => code)).toEqual(byMoves.map(neuronCode));
    await page.getByRole('radio', { name: 'length' }).check({ force: true });

    await page.getByRole('combobox', { name: /^layer/ }).selectOption('all');
    await expect.poll(() => page.url()).toContain('writes=all');
    await compare(await stage.model.neurons(ids, { pos: 8, count: 24, k: 8 }));
    await page.getByRole('combobox', { name: /^layer/ }).selectOption('2');
    const other = stage.model.tokenizer.encode(' London', { bos: false }).ids[0] ?? -1;
    await page.getByRole('combobox', { name: /^the logit of/ }).selectOption(String(other));
    await expect.poll(() => page.url()).toMatch(/layer=2.*|of=/);
    await compare(await stage.model.neurons(ids, { pos: 8, layer: 2, count: 24, k: 8, target: other }));
    expect(visit.complaints).toEqual([]);
    expect(visit.strangers).toEqual([]);
    await visit.end();
  });

  it('the keyboard opens a neuron: value and key as tokens; any other by its name; ablating it opens the lens’s change', async () => {
    const visit = await open();
    const { page } = visit;
    const third = found.writes[2] ?? { layer: -1, neuron: -1 };
    const card = page.locator('rs-neuron-page');
    const shows = async (layer: number, neuron: number): Promise<void> => {
      await card.getByRole('heading', { name: `Neuron ${layer}.${neuron}` }).waitFor();
      const { promoted, suppressed, keys, cosine } = await stage.model.neuron(layer, neuron, { k: 10 });
      await card.getByText(`cosine ${decimals(cosine)}`).waitFor();
      const lists = [promoted, suppressed, ...keys.flatMap(({ nearest, farthest }) => [nearest, farthest])];
      const shown = await card
        .locator('dd')
        .evaluateAll((all) =>
          all.map((list) => Array.from(list.querySelectorAll('.token'), (one) => one.textContent)),
        );
      expect(shown).toEqual(lists.map((list) => Array.from(list.ids, text)));
      const numbers = (await card.locator('dd').first().locator('small').allTextContents()).map(number);
      numbers.forEach((value, i) => expect(value).toBeCloseTo(promoted.values[i] ?? NaN, 1));
    };
    const button = page.getByRole('button', { name: `Neuron ${neuronCode(third)}: show it` }).first();
    await button.focus();
    await page.keyboard.press('Enter');
    await shows(third.layer, third.neuron);
    await expect.poll(() => page.url()).toContain(`neuron=${neuronCode(third)}`);
    expect(await button.getAttribute('aria-pressed')).toBe('true');

    await card.getByRole('textbox', { name: 'Another' }).fill('9.9');
    await page.keyboard.press('Enter');
    await card.getByText('“9.9” is no neuron here').waitFor();
    await card.getByRole('textbox', { name: 'Another' }).fill('3.5');
    await page.keyboard.press('Enter');
    await shows(3, 5);
    await expect.poll(() => page.url()).toContain('neuron=3.5');

    await card.getByRole('button', { name: 'Ablate neuron 3.5' }).click();
    await page.getByText('With neuron 3.5 at zero').waitFor();
    const grid = page.getByRole('grid', { name: 'Change of the log-probability' });
    await grid.waitFor();
    expect(page.url()).toContain('view=ablation');
    await expect.poll(() => page.url()).toContain('off=n3.5');
    await page.goBack();
    await card.getByRole('heading', { name: 'Neuron 3.5' }).waitFor();
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('finds the texts that turn it on, in the bundled ones and in a file, with what they foretell', async () => {
    const visit = await open('&neuron=6.300');
    const { page } = visit;
    const compare = async (prompts: readonly string[], order: NeuronTriggers['order']): Promise<void> => {
      const all = await stage.model.neuronTriggers(prompts, { layers: [LAYER], top: ASKED.top, order });
      const [table] = all.layers;
      const { promoted, suppressed } = await stage.model.neuron(LAYER, 300, { k: 1 });
      const top = (order === 'lowest' ? suppressed : promoted).ids[0];
      const expected = Array.from({ length: ASKED.top }, (_, i) => 300 * ASKED.top + i)
        .filter((at) => (table?.pos[at] ?? -1) >= 0)
        .map((at) => {
          const own = all.prompts[table?.prompt[at] ?? -1];
          const pos = table?.pos[at] ?? -1;
          return {
            coefficient: table?.coefficient[at] ?? NaN,
            token: text(own?.[pos]).replace(/^·/, ''),
            hit: own?.[pos + 1] === top,
          };
        });
      const hits = expected.filter(({ hit }) => hit).length;
      await page.getByText(new RegExp(`In ${hits} of them the next token`)).waitFor();
      const shown = await placesOf(visit);
      const marks = await page.locator('rs-neuron-triggers mark').allTextContents();
      expect(marks.map((mark) => mark.replace(/^·/, ''))).toEqual(expected.map(({ token }) => token));
      shown.forEach((row, i) => {
        expect(number(row[0])).toBeCloseTo(expected[i]?.coefficient ?? NaN, 1);
        expect(row[2]?.startsWith('✓')).toBe(expected[i]?.hit);
      });
    };
    await compare(corpus.slice(0, ASKED.texts), 'highest');
    await page.getByRole('radio', { name: 'lowest' }).check({ force: true });
    await expect.poll(() => page.url()).toContain('triggers=lowest');
    await compare(corpus.slice(0, ASKED.texts), 'lowest');
    await page.getByRole('radio', { name: 'highest' }).check({ force: true });
    const file = (buffer: Buffer) => ({ name: 'mine.txt', mimeType: 'text/plain', buffer });
    const input = page.locator('rs-neuron-triggers input[type=file]');
    await input.setInputFiles(file(Buffer.from([0xff, 0xfe, 0x00])));
    await page.getByText('This file is no UTF-8 text').waitFor();
    const own = [
      'Once upon a time there was a fox.',
      'Paris is the capital of France.',
      'One two three four',
    ];
    await input.setInputFiles(file(Buffer.from(own.join('\n'))));
    await page.getByText('mine.txt: 3 texts').waitFor();
    await compare(own, 'highest');
    await page.getByRole('button', { name: 'The bundled texts' }).click();
    await page.getByText('the texts that come with the page').waitFor();
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('agreement by layer: progress, cancel, the library’s shares', async () => {
    const visit = await open();
    const { page } = visit;
    await placesOf(visit);
    const card = page.locator('rs-neuron-agreement');
    await card.getByRole('button', { name: 'Read every layer' }).click();
    await card.getByRole('progressbar', { name: 'Agreement' }).waitFor();
    await card.getByRole('button', { name: 'Cancel' }).click();
    await card.getByText('Cancelled.').waitFor();
    await card.getByRole('button', { name: 'Read every layer' }).click();
    await card.getByText('As a table').click({ timeout: 120_000 });
    const triggers = await stage.model.neuronTriggers(corpus.slice(0, ASKED.texts), { top: ASKED.top });
    const { layers, best, all, chance } = await stage.model.neuronAgreement(triggers);
    const percent = (x: number | undefined): string => `${(100 * (x ?? NaN)).toFixed(1)}%`;
    expect(await rows(card)).toEqual(
      layers.map((layer, i) => [String(layer), ...[best, all, chance].map((row) => percent(row[i]))]),
    );
    await visit.end();
  });

  it('who deletes: the library’s cosines as map and list, heads beside them', async () => {
    const visit = await open();
    const { page } = visit;
    const expected = await stage.model.deletion([], { bins: ASKED.bins, count: ASKED.listed });
    const region = page.getByRole('region', { name: 'Cosines of deleting neurons' });
    await region.waitFor();
    expect(await rows(region)).toEqual(
      expected.strongest.map((one) => [neuronCode(one), decimals(one.cosine), decimals(one.folded)]),
    );
    const grid = page.getByRole('grid', { name: /^Neurons by the cosine/ });
    const counts = await grid.locator('td[role]').allTextContents();
    expect(counts.map(Number)).toEqual(expected.histogram.flatMap((row) => Array.from(row)));
    await grid.locator('td[role]').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.getByText('Layer 1, cosine from −1.0 to −0.9:').waitFor();
    const [first] = expected.strongest;
    if (!first) throw new Error('fable-4m has deleting neurons');
    await region.getByRole('button', { name: `Neuron ${neuronCode(first)}: show it` }).click();
    await page.locator('rs-neuron-page').getByText('it takes away part of what turns it on').waitFor();

    await page.getByRole('button', { name: 'Read the heads' }).click();
    const heads = page.getByRole('region', { name: 'Scores of deleting heads' });
    await heads.waitFor({ timeout: 120_000 });
    const reading = await stage.model.heads();
    const [head, score, copying] = (await rows(heads))[0] ?? [];
    const [layer = -1, own = -1] = (head ?? '').split('.').map(Number);
    const at = layer * reading.heads + own;
    expect(number(copying)).toBeCloseTo(reading.copying[at] ?? NaN, 1);
    expect(number(score)).toBeCloseTo(
      -(reading.copying[at] ?? NaN) * (reading.patterns.present.mean[at] ?? NaN),
      1,
    );
    await visit.end();
  });

  it('goes along as SVG, PNG, CSV and JSON; a link brings it back', async () => {
    const third = found.writes[2] ?? { layer: -1, neuron: -1 };
    const visit = await open(`&neuron=${neuronCode(third)}&triggers=lowest`);
    const { page } = visit;
    const places = await placesOf(visit);
    await page.getByRole('region', { name: 'Cosines of deleting neurons' }).waitFor();
    await page.getByRole('button', { name: 'Export' }).click();
    const writes = recordsOf(await saved(page, /How far neurons move.* as CSV/));
    expect(writes.slice(1).map(([layer, neuron]) => `${layer}.${neuron}`)).toEqual(
      found.writes.map(neuronCode),
    );
    expect(writes.slice(1).map((record) => number(record[4]))[0]).toBeCloseTo(
      found.writes[0]?.moves ?? NaN,
      4,
    );
    const json = JSON.parse(String(await saved(page, /How far neurons move.* as JSON/))) as {
      writes: { promoted: { id: number }[] }[];
    };
    expect(json.writes[0]?.promoted.map(({ id }) => id)).toEqual([...(found.writes[0]?.promoted.ids ?? [])]);
    expect(String(await saved(page, /How far neurons move.* as SVG/))).toMatch(/^<svg /);
    expect(decodePng(await saved(page, /How far neurons move.* as PNG/)).colors).toBeGreaterThan(8);
    const one = JSON.parse(String(await saved(page, /^Neuron .* as JSON/))) as {
      neuron: number;
      triggers: { triggers: { coefficient: number }[] };
    };
    expect(one.neuron).toBe(third.neuron);
    expect(one.triggers.triggers.map(({ coefficient }) => decimals(coefficient))).toEqual(
      places.map(([coefficient]) => coefficient),
    );
    const cosines = recordsOf(await saved(page, /Cosine of key and value.* as CSV/));
    expect(cosines).toHaveLength(1 + stage.model.spec.nLayers * stage.model.spec.dMlp);
    expect(String(await saved(page, /Cosine of key and value.* as SVG/))).toMatch(/^<svg /);
    await page.keyboard.press('Escape');

    // Something small changes, so that the page writes its address; another visit reads it.
    await page.getByRole('combobox', { name: /^layer/ }).selectOption('all');
    await expect.poll(() => page.url()).toContain('writes=all');
    const again = await stage.open(new URL(page.url()).hash);
    await again.state('done');
    await again.page.getByRole('heading', { name: 'The longest writes of all layers' }).waitFor();
    await again.page
      .getByRole('heading', { name: `Neuron ${neuronCode(third)}`, exact: false })
      .first()
      .waitFor();
    expect(await again.page.getByRole('radio', { name: 'lowest' }).isChecked()).toBe(true);
    expect(visit.complaints).toEqual([]);
    await again.end();
    await visit.end();
  });

  it('says what it is before there is a run', async () => {
    const visit = await stage.open('#model=fable-4m&view=neurons&prompt=');
    await visit.page.locator('rs-neurons').getByText('Nothing has run yet').waitFor();
    expect(await visit.violations()).toEqual([]);
    await visit.end();
  });

  it.each([
    ['light', 1280],
    ['dark', 360],
  ] as const)('axe-core finds nothing, and nothing sticks out: %s, %i px', async (colorScheme, width) => {
    const visit = await open('', { colorScheme, viewport: { width, height: 800 } });
    const { page } = visit;
    await placesOf(visit);
    await page.getByRole('region', { name: 'Cosines of deleting neurons' }).waitFor();
    await page.getByRole('button', { name: 'Read every layer' }).click();
    await page.locator('rs-neuron-agreement').getByText('As a table').click({ timeout: 120_000 });
    expect(await visit.violations()).toEqual([]);
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(over).toBe(0);
    await visit.end();
  });
});
