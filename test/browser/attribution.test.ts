/** The attribution view as a reader meets it: bars held against the library's parts; keys, files, link. */
import type { BrowserContextOptions, Locator } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import type { Attribution } from '../../engine/node.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { barsOf, GROUP_WORDS, GROUPS } from '../../site/controllers/attribution.ts';
import { recordsOf, saved } from '../support/downloads.ts';
import { decodePng } from '../support/png.ts';
import { describePage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';

const PROMPT = 'The Eiffel Tower is in the city of';
const address = (more = ''): string =>
  `#model=fable-4m&device=wasm&view=attribution&prompt=${encodeURIComponent(PROMPT)}${more}`;
/** The bars have three decimals, and the sum four; they come from another run of the same numbers. */
const CLOSE = 2e-3;

const number = (text: string | undefined): number => Number((text ?? '').replace('−', '-').replace('–', '0'));

describePage('attribution view', { webgpu: false, model: true }, (stage) => {
  let ids: readonly number[];
  let found: Attribution;

  beforeAll(async () => {
    ({ ids } = stage.model.tokenizer.encode(PROMPT));
    found = await stage.model.attribution(ids);
  });

  const text = (id: number | undefined): string => visibleText(stage.model.tokenizer.text(id ?? -1));
  const open = async (more = '', options: BrowserContextOptions = {}): Promise<Visit> => {
    const visit = await stage.open(address(more), options);
    await visit.state('done');
    await visit.page.getByRole('region', { name: /^What makes/ }).waitFor();
    return visit;
  };
  const barsIn = (card: Locator): Promise<(readonly [string, string])[]> =>
    card
      .locator('tbody tr')
      .evaluateAll((rows) =>
        rows.map((row) => [
          row.querySelector('th')?.textContent.trim() ?? '',
          row.querySelector('.number')?.textContent ?? '',
        ]),
      );
  const partsOf = (visit: Visit): Locator => visit.page.getByRole('region', { name: 'What makes' });
  const close = (
    shown: readonly (readonly [string, string])[],
    expected: readonly { readonly name: string; readonly value: number }[],
  ): void => {
    expect(shown.map(([name]) => name)).toEqual(expected.map(({ name }) => name));
    shown.forEach(([name, value], i) =>
      expect(Math.abs(number(value) - (expected[i]?.value ?? NaN)), name).toBeLessThan(CLOSE),
    );
  };

  it('shows the library’s parts in each grouping, and their sum beside the model’s own logit', async () => {
    const visit = await open();
    const { page } = visit;
    await page.getByRole('heading', { name: `What makes “${text(found.target)}”` }).waitFor();
    for (const group of GROUPS) {
      await page.getByRole('radio', { name: GROUP_WORDS[group], exact: true }).check({ force: true });
      const expected = [...barsOf(found, group), { name: 'sum', value: found.sum }];
      const shown = await barsIn(partsOf(visit));
      close(shown, expected);
      const sum = shown.slice(0, -1).reduce((total, [, value]) => total + number(value), 0);
      expect(Math.abs(sum - found.logit)).toBeLessThan(1e-3 * shown.length);
    }
    const [sum, own] = (await partsOf(visit).locator('p.say b').allTextContents()).map(Number);
    expect(Math.abs((sum ?? NaN) - (own ?? NaN))).toBeLessThanOrEqual(2e-4);
    expect(own).toBeCloseTo(found.logit, 3);
    expect(visit.complaints).toEqual([]);
    expect(visit.strangers).toEqual([]);
    await visit.end();
  });

  it('a head by the tokens it reads: the strongest first, any other by keyboard or by its numbers', async () => {
    const visit = await open();
    const { page } = visit;
    const sources = (): Locator => page.getByRole('region', { name: /^What head/ });
    const compare = async (layer: number, head: number): Promise<void> => {
      await page.getByRole('heading', { name: `What head ${layer}.${head} brings` }).waitFor();
      const row = found.bySource.subarray((layer * found.heads + head) * ids.length).subarray(0, ids.length);
      close(await barsIn(sources()), [
        ...Array.from(row, (value, src) => ({ name: `${src}: ${text(ids[src])}`, value })),
        { name: `head ${layer}.${head}`, value: found.byHead[layer * found.heads + head] ?? NaN },
      ]);
    };
    const order = Array.from(found.byHead.keys()).sort(
      (a, b) => Math.abs(found.byHead[b] ?? 0) - Math.abs(found.byHead[a] ?? 0),
    );
    const name = (at: number): readonly [number, number] => [Math.floor(at / found.heads), at % found.heads];
    await compare(...name(order[0] ?? -1));
    await page.getByRole('radio', { name: 'heads', exact: true }).check({ force: true });
    const [layer, head] = name(order[2] ?? -1);
    await page.getByRole('button', { name: `head ${layer}.${head}: which tokens it read` }).focus();
    await page.keyboard.press('Enter');
    await compare(layer, head);
    await sources()
      .getByRole('combobox', { name: /^layer/ })
      .selectOption('3');
    await sources().getByRole('combobox', { name: /^head/ }).selectOption('1');
    await compare(3, 1);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('another token, a pair, another position: in the address, and back from it', async () => {
    const visit = await open();
    const { page } = visit;
    const other = stage.model.tokenizer.encode(' London', { bos: false }).ids[0] ?? -1;
    const select = (name: RegExp): Locator => page.getByRole('combobox', { name });
    await select(/^over/).selectOption('mean');
    await page.getByRole('heading', { name: /over the mean token/ }).waitFor();
    const mean = await stage.model.attribution(ids, { against: 'mean' });
    await page.getByRole('radio', { name: GROUP_WORDS.part, exact: true }).check({ force: true });
    close(await barsIn(partsOf(visit)), [...barsOf(mean, 'part'), { name: 'sum', value: mean.sum }]);
    await select(/^over/).selectOption(String(other));
    await page.getByRole('heading', { name: `over “${text(other)}”` }).waitFor();
    await expect.poll(() => page.url()).toContain(`of=top-${other}`);
    await select(/^after/).selectOption('4');
    await expect.poll(() => page.url()).toContain('pos=4');

    const again = await open(`&layer=7&pos=4&of=${other}`);
    await again.page.getByRole('heading', { name: `What makes “${text(other)}”` }).waitFor();
    const there = await stage.model.attribution(ids, { pos: 4, target: other });
    close(await barsIn(partsOf(again)), [...barsOf(there, 'part'), { name: 'sum', value: there.sum }]);
    expect(visit.complaints).toEqual([]);
    await again.end();
    await visit.end();
  });

  it('goes along as SVG, PNG, CSV and JSON', async () => {
    const visit = await open();
    const { page } = visit;
    await page.getByRole('button', { name: 'Export' }).click();
    const [head, ...records] = recordsOf(await saved(page, /^Where the logit.* as CSV/));
    expect(head).toEqual(['component', 'kind', 'layer', 'head', 'part']);
    expect(records.map(([name]) => name)).toEqual(found.components.map(({ name }) => name));
    const sum = records.reduce((total, record) => total + Number(record[4]), 0);
    expect(Math.abs(sum - found.logit)).toBeLessThan(1e-3);
    const json = JSON.parse(String(await saved(page, /^Where the logit.* as JSON/))) as {
      logit: number;
      target: number;
      bySource: number[];
    };
    expect(json.target).toBe(found.target);
    expect(json.logit).toBeCloseTo(found.logit, 3);
    expect(json.bySource).toHaveLength(found.bySource.length);
    expect(String(await saved(page, /^Where the logit.* as SVG/))).toMatch(/^<svg /);
    expect(decodePng(await saved(page, /^Where the logit.* as PNG/)).colors).toBeGreaterThan(4);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('says what it is before there is a run', async () => {
    const visit = await stage.open('#model=fable-4m&view=attribution&prompt=');
    await visit.page.locator('rs-attribution').getByText('Nothing has run yet').waitFor();
    expect(await visit.violations()).toEqual([]);
    await visit.end();
  });

  it.each([
    ['light', 1280],
    ['dark', 360],
  ] as const)('axe-core finds nothing, and nothing sticks out: %s, %i px', async (colorScheme, width) => {
    const visit = await open('', { colorScheme, viewport: { width, height: 800 } });
    expect(await visit.violations()).toEqual([]);
    const over = await visit.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(over).toBe(0);
    await visit.end();
  });
});
