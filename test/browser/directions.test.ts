/** The directions view as a reader meets it: what stands in it is held against the library's own numbers. */
import { readFile } from 'node:fs/promises';
import type { BrowserContextOptions, Locator } from 'playwright-core';
import { expect, it } from 'vitest';
import type { Directions } from '../../engine/node.ts';
import { summarize } from '../../shared/lens/experiment.ts';
import { decodeGoldens, golden } from '../cases/golden.ts';
import { readBytes } from '../support/addresses.ts';
import { recordsOf, saved } from '../support/downloads.ts';
import { decodePng } from '../support/png.ts';
import { describePage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';

const TOWER = 'The Eiffel Tower is in the city of';
const ADDRESS = `#model=fable-4m&device=wasm&view=directions&prompt=${encodeURIComponent(TOWER)}`;

describePage('directions view', { webgpu: false, model: true }, (stage) => {
  const open = async (options: BrowserContextOptions = {}): Promise<Visit> => {
    const visit = await stage.open(ADDRESS, options);
    await visit.state('done');
    await visit.page.getByText('the first component has').waitFor();
    return visit;
  };
  const card = (visit: Visit, name: string): Locator => visit.page.getByRole('region', { name });
  const percent = (share: number | undefined): string => `${(100 * (share ?? NaN)).toFixed(1)}%`;
  const token = (id: number | undefined): string => stage.model.tokenizer.text(id ?? -1).replace(/^ /, '·');

  /** Every number of the view against the library's. */
  async function compare(visit: Visit, found: Directions): Promise<void> {
    const { ratios, count, path, states, k, topIds, geometry } = found;
    const scree = card(visit, 'Share of the variance');
    await scree.getByText('As a table').click();
    await expect
      .poll(() => scree.locator('td:nth-child(2)').allTextContents())
      .toEqual([...ratios.subarray(0, 16)].map(percent));
    const way = card(visit, 'The way through the layers');
    await way.getByText('As a table').click();
    expect(await way.locator('circle').count()).toBe(states.length);
    expect(await way.locator('tbody td').allTextContents()).toEqual(
      states.flatMap((_, i) => [path[i * count]?.toFixed(3), path[i * count + 1]?.toFixed(3)]),
    );
    const read = card(visit, 'What each direction reads as');
    expect(await read.locator('li .tokens > span:first-child .token').allTextContents()).toEqual(
      Array.from({ length: count }, (_, c) => token(topIds[c * k])),
    );
    const cosine = card(visit, 'Angles between layers');
    await cosine.getByText('As a table').click();
    await expect.poll(() => cosine.locator('td').count()).toBe(geometry.cosines.length);
    expect(await cosine.locator('td').allTextContents()).toEqual(
      [...geometry.cosines].map((value) => value.toFixed(2)),
    );
    const norms = card(visit, 'Length of the stream');
    await norms.getByText('As a table').click();
    expect(await norms.locator('td:nth-child(2)').allTextContents()).toEqual(
      [...geometry.stream].map((value) => value.toPrecision(3)),
    );
    expect((await norms.locator('td:nth-child(4)').allTextContents()).slice(1)).toEqual(
      [...geometry.mlp].map((value) => value.toPrecision(3)),
    );
  }

  it('goes along: every number of every file is the library’s', async () => {
    const visit = await open();
    const { ids } = stage.model.tokenizer.encode(TOWER);
    const { ratios, count, k, path, states, topIds, topLogprobs, geometry } = await stage.model.directions(ids, { k: 6 }); // prettier-ignore
    await visit.page.getByRole('button', { name: 'Export' }).click();
    const csv = async (name: string): Promise<string[][]> =>
      recordsOf(await saved(visit.page, `${name} as CSV`)).slice(1).map((record) => [...record]); // prettier-ignore
    const close = (
      actual: readonly (readonly string[])[],
      expected: readonly (readonly number[])[],
    ): void => {
      expect(actual).toHaveLength(expected.length);
      actual.forEach((record, i) =>
        record.forEach((field, j) =>
          expect(Number(field), `${i}, ${j}`).toBeCloseTo(expected[i]?.[j] ?? NaN, 4),
        ),
      );
    };
    let sum = 0;
    close(
      await csv('Share of the variance by component'),
      Array.from(ratios, (ratio, i) => [i + 1, ratio, (sum += ratio)]),
    );
    close(
      await csv('The way through the layers, in PC1 and PC2'),
      states.map(({ pos, layer, mid }, i) => [
        pos,
        layer,
        Number(mid),
        ...path.subarray(i * count, (i + 1) * count),
      ]),
    );
    const components = await csv('What each direction reads as');
    expect(components.map((record) => Number(record[3]))).toEqual([...topIds]);
    expect(components.map((record) => record[4])).toEqual(
      Array.from(topIds, (id) => stage.model.tokenizer.text(id)),
    );
    close(components.map((record) => [record[5] ?? '']), Array.from(topLogprobs, (logprob) => [logprob])); // prettier-ignore
    expect(components).toHaveLength(count * k);
    const n = geometry.stream.length;
    close(
      (await csv('Angles between layers')).map((record) => record.slice(1)),
      Array.from({ length: n }, (_, r) => [...geometry.cosines.subarray(r * n, (r + 1) * n)]),
    );
    const norms = await csv('Length of the stream, and of each write');
    close(norms.map((record) => record.slice(0, 2)), Array.from(geometry.stream, (x, row) => [row - 1, x])); // prettier-ignore
    close(
      norms.slice(1).map((record) => record.slice(2)),
      Array.from(geometry.attn, (x, layer) => [x, geometry.mlp[layer] ?? NaN]),
    );
    const json = JSON.parse(String(await saved(visit.page, 'Share of the variance by component as JSON'))) as { ratios: number[] }; // prettier-ignore
    close([json.ratios.map(String)], [[...ratios]]);
    const ruler = recordsOf(await saved(visit.page, 'Entropy and settling layer by position as CSV'));
    expect(ruler.slice(1).map((record) => Number(record[1]))).toEqual([...ids]);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('goes along as pictures', async () => {
    const visit = await open();
    await visit.page.getByRole('button', { name: 'Export' }).click();
    for (const name of [
      'Share of the variance by component',
      'The way through the layers, in PC1 and PC2',
      'Angles between layers',
      'Length of the stream, and of each write',
    ]) {
      // prettier-ignore
      expect(String(await saved(visit.page, `${name} as SVG`)), name).toMatch(/^<svg [\s\S]*<\/svg>$/);
      expect(decodePng(await saved(visit.page, `${name} as PNG`)).colors, name).toBeGreaterThan(4);
    }
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('shows the library’s numbers; options and position ask again', async () => {
    const visit = await open();
    const { ids } = stage.model.tokenizer.encode(TOWER);
    const found = await stage.model.directions(ids, { k: 6 });
    await compare(visit, found);
    const say = visit.page.getByText('the first component has');
    expect(await say.textContent()).toMatch(/reads as\s+·Paris\s*: the model’s own prediction/);
    expect(await say.textContent()).toContain(percent(found.ratios[0]));

    await visit.page.getByRole('checkbox', { name: 'centred' }).first().uncheck();
    await visit.page.getByRole('checkbox', { name: 'mid-block' }).first().check();
    const plain = await stage.model.directions(ids, { centred: false, mid: true });
    await expect.poll(() => say.textContent()).toContain(percent(plain.ratios[0]));
    const circles = card(visit, 'The way through the layers').locator('circle');
    expect(await circles.count()).toBe(plain.states.length);

    await visit.page.getByRole('checkbox', { name: 'all positions' }).check();
    await expect.poll(() => circles.count()).toBe(plain.states.length * ids.length);
    expect(await say.textContent()).toContain('no match is defined');
    await visit.page.getByRole('checkbox', { name: 'all positions' }).uncheck();
    await visit.page.getByRole('combobox', { name: 'after' }).selectOption('3');
    const third = await stage.model.directions(ids, { centred: false, mid: true, pos: 3 });
    await expect.poll(() => say.textContent()).toContain(percent(third.ratios[0]));
    await expect.poll(() => visit.page.url()).toContain('pos=3');
    expect(visit.complaints).toEqual([]);
    expect(visit.strangers).toEqual([]);
    await visit.end();
  });

  it('runs the experiment: figures, histogram and files; then a list of one’s own', async () => {
    const visit = await open();
    const { page } = visit;
    const box = card(visit, 'The experiment');
    await box.getByRole('button', { name: 'Run the experiment' }).click();
    await box.getByRole('progressbar', { name: 'Experiment' }).waitFor();
    await box.getByRole('button', { name: 'Download JSON' }).waitFor({ timeout: 120_000 });
    const numpy = await decodeGoldens('directions', await readBytes('test/goldens/directions.safetensors'));
    const { data, shape } = golden(numpy, 'fable-4m.centred.ratios');
    const [prompts = 0, width = 0] = shape;
    const [directions, predictions] = ['centred.direction', 'prediction'].map(
      (name) => golden(numpy, `fable-4m.${name}`).data,
    );
    const expected = summarize(
      Array.from({ length: prompts }, (_, p) => ({
        tokens: 0,
        ratio: data[p * width] ?? NaN,
        ratios: [],
        predictionId: 0,
        directionId: 0,
        match: directions?.[p] === predictions?.[p],
      })),
    );
    const figures = await box.locator('td.big').allTextContents();
    expect(figures).toEqual([expected.ratio.value.toFixed(3), percent(expected.matchRate.value)]);
    const rows = await box.getByRole('row').allTextContents();
    expect(rows.join(' ')).toContain(`${expected.ratio.low.toFixed(3)} to ${expected.ratio.high.toFixed(3)}`);
    expect(rows.join(' ')).toMatch(/0\.88[^]*77%/);
    expect(
      await box
        .getByRole('img', { name: /^Histogram/ })
        .locator('g')
        .count(),
    ).toBe(expected.histogram.filter(({ count }) => count > 0).length);

    const file = async (name: string): Promise<string> => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        box.getByRole('button', { name }).click(),
      ]);
      return readFile(await download.path(), 'utf8');
    };
    const json = JSON.parse(await file('Download JSON')) as {
      summary: { matches: number; ratio: { value: number } };
      prompts: { ratio: number; match: boolean }[];
    };
    expect(json.summary.matches).toBe(expected.matches);
    expect(json.summary.ratio.value).toBeCloseTo(expected.ratio.value, 5);
    expect(json.prompts).toHaveLength(prompts);
    const csv = (await file('Download CSV')).trimEnd().split('\r\n');
    expect(csv).toHaveLength(prompts + 1);
    expect(csv[1]).toMatch(/^"The capital of France is",6,0\.5003/);

    await box.getByText('your own list').click();
    await box.getByRole('button', { name: 'Run the experiment' }).click();
    await box.getByText('There is no prompt yet').waitFor();
    await box.getByRole('textbox').fill('The capital of Japan is\n\nHot and');
    await box.getByRole('button', { name: 'Run the experiment' }).click();
    await box.getByText('2 prompts on fable-4m, centred.').waitFor();
    await box.getByRole('textbox').fill(`${'word '.repeat(300)}\n`);
    await box.getByRole('button', { name: 'Run the experiment' }).click();
    await box.getByText('this model reads 256 at most').waitFor();
    await box.getByText('a file', { exact: true }).click();
    const give = async (text: string): Promise<void> => {
      const buffer = Buffer.from(text);
      await box.getByLabel('A text file').setInputFiles({ name: 'p.txt', mimeType: 'text/plain', buffer });
      await box.getByRole('button', { name: 'Run the experiment' }).click();
    };
    await give('One\nTwo\nThree\n');
    await box.getByText('3 prompts on fable-4m, centred.').waitFor();
    await give('The capital of Japan is\n'.repeat(4000));
    await box.getByText(/^\d+ of 4,000 prompts$/).waitFor();
    await box.getByRole('button', { name: 'Cancel the experiment' }).click();
    await box.getByText(/Cancelled after \d+ of 4,000 prompts/).waitFor();
    await box.getByRole('button', { name: 'Download CSV' }).waitFor();
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('says what comes before there is a run', async () => {
    const visit = await stage.open('#model=fable-4m&view=directions&prompt=');
    await visit.state('done');
    await visit.page.getByText('Type a prompt above and press Run').waitFor();
    expect(await visit.page.getByRole('tab', { name: 'Directions' }).getAttribute('aria-selected')).toBe(
      'true',
    );
    expect(await visit.violations()).toEqual([]);
    await visit.end();
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)('axe-core finds nothing, and nothing sticks out: %s, %i px', async (colorScheme, width) => {
    const visit = await open({ colorScheme, viewport: { width, height: 800 } });
    const box = card(visit, 'The experiment');
    await box.getByText('your own list').click();
    await box.getByRole('textbox').fill('The capital of Japan is\nHot and');
    await box.getByRole('button', { name: 'Run the experiment' }).click();
    await box.getByRole('button', { name: 'Download CSV' }).waitFor();
    for (const summary of await visit.page.locator('summary:visible').all()) await summary.click();
    expect(await visit.violations()).toEqual([]);
    const over = await visit.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(over).toBe(0);
    await visit.end();
  });
});
