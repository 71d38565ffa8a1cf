/** The attention view as a reader meets it: what stands in it is held against the library's own numbers. */
import { readFile } from 'node:fs/promises';
import type { BrowserContextOptions } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import type { LayerAttention } from '../../engine/node.ts';
import { describePage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';

const PROMPT = 'The Eiffel Tower is in the city of';
const address = (more = '', device = 'wasm'): string =>
  `#model=fable-4m&device=${device}&view=attention&prompt=${encodeURIComponent(PROMPT)}${more}`;

describePage('attention view', { model: true }, (stage) => {
  let ids: readonly number[];

  beforeAll(() => {
    ids = stage.model.tokenizer.encode(PROMPT).ids;
  });

  const open = async (more = '', options: BrowserContextOptions = {}, device = 'wasm'): Promise<Visit> => {
    const visit = await stage.open(address(more, device), options);
    await visit.state('done');
    await visit.page.getByRole('heading', { name: /^Head \d+ of layer/ }).waitFor();
    return visit;
  };
  const read = async (layer: number): Promise<LayerAttention> => {
    for await (const reading of stage.model.attention(ids, { layers: [layer] })) return reading;
    throw new Error('nothing came');
  };
  const weight = (x: number | undefined): string =>
    x === undefined ? '' : x === 0 || x >= 0.0005 ? x.toFixed(3) : x.toExponential(0);

  it.each(['wasm', 'webgpu'])('shows the library’s weights in both directions, on %s', async (device) => {
    const visit = await open('&layer=3&pos=5&head=2', {}, device);
    const { pattern, tokens } = await read(3);
    const at = (dest: number, src: number): number | undefined => pattern[(2 * tokens + dest) * tokens + src];
    await visit.page.getByText('As a table').click();
    const rows = visit.page.getByRole('region', { name: 'Attention of ·in, position 5' }).locator('tbody tr');
    await expect.poll(() => rows.count()).toBe(tokens);
    const shown = await rows.evaluateAll((all) =>
      all.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent)),
    );
    const seen = (dest: number, src: number): string => (src > dest ? 'not seen' : weight(at(dest, src)));
    const close = (ours: string | undefined, theirs: string): void => {
      if (theirs === 'not seen') expect(ours).toBe(theirs);
      else expect(Number(ours)).toBeCloseTo(Number(theirs), 2);
    };
    shown.forEach(([pos, to, from], other) => {
      expect(pos).toBe(String(other));
      close(to ?? '', seen(5, other));
      close(from ?? '', seen(other, 5));
    });
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('keys walk over heads, cells and tokens; the address restores layer, head and position', async () => {
    const visit = await open('&layer=2&pos=8&head=0');
    const { page } = visit;
    await page.getByRole('radio', { name: /^Head 0 of layer 2/ }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('heading', { name: /^Head 1 of layer 2/ }).waitFor();
    await page.getByRole('grid', { name: /^Head 1 of layer 2/ }).focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Home');
    const { pattern, tokens } = await read(2);
    const value = pattern[(tokens + 7) * tokens];
    await expect
      .poll(() => page.getByRole('gridcell').filter({ hasText: 'looks at' }).textContent())
      .toBe(`“·city” (7) looks at “<|endoftext|>” (0): ${weight(value)}`);
    await page.getByRole('radiogroup', { name: 'Token that looks' }).getByRole('radio').nth(7).focus();
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => page.url()).toMatch(/layer=2&pos=6&head=1/);

    const again = await open(new URL(page.url()).hash.replace(/^.*?(&layer)/, '$1'));
    await again.page.getByRole('heading', { name: /^Head 1 of layer 2/ }).waitFor();
    const checked = again.page
      .getByRole('radiogroup', { name: 'Token that looks' })
      .getByRole('radio', { checked: true });
    expect(await checked.textContent()).toBe('·the');
    expect(visit.complaints).toEqual([]);
    await visit.end();
    await again.end();
  });

  it('all layers, scores, value-weighted, and combined heads', async () => {
    const visit = await open('&layer=1&pos=8&head=3');
    const { page } = visit;
    await page.getByRole('radio', { name: 'value-weighted' }).check({ force: true });
    await page.getByRole('heading', { name: 'Head 3 of layer 1, value-weighted' }).waitFor();
    const { pattern, lengths, tokens, scores } = await read(1);
    const row = (3 * tokens + 8) * tokens;
    const most = Math.max(
      ...Array.from({ length: tokens }, (_, s) => (pattern[row + s] ?? 0) * (lengths[3 * tokens + s] ?? 0)),
    );
    const list = page.getByRole('list', { name: 'Looks at', exact: true });
    expect(await list.locator('.p').first().textContent()).toBe(most.toPrecision(3));
    await page.getByText('all layers', { exact: true }).click();
    await expect
      .poll(() => page.getByRole('radiogroup', { name: 'Heads of all layers' }).getByRole('radio').count())
      .toBe(48);
    const said = await page.getByRole('radio', { name: /^Head 3 of layer 1:/ }).getAttribute('aria-label');
    expect(said).toContain(`${(scores.previous[3] ?? NaN).toFixed(2)} `);
    await page.getByRole('combobox', { name: 'Coloured by' }).selectOption('previous');
    await page.getByRole('radio', { name: /^Head 5 of layer 6:/ }).click();
    await page.getByRole('heading', { name: /^Head 5 of layer 6/ }).waitFor();
    await page.getByText('this layer', { exact: true }).click();
    await page.getByRole('radio', { name: 'largest of all heads of layer 6' }).click();
    await page.getByRole('heading', { name: /^Largest of all heads, layer 6/ }).waitFor();
    expect(await visit.violations()).toEqual([]);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('goes along as SVG, CSV and JSON', async () => {
    const visit = await open('&layer=3&pos=5&head=2');
    const { page } = visit;
    const { pattern, tokens } = await read(3);
    await page.getByRole('button', { name: 'Export' }).click();
    const save = async (name: string | RegExp): Promise<string> => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name }).click(),
      ]);
      return readFile(await download.path(), 'utf8');
    };
    const lines = (await save(/Head 2 of layer 3.*CSV/)).trim().split(/\r?\n/);
    expect(lines).toHaveLength(1 + (tokens * (tokens + 1)) / 2);
    const last = lines.at(-1)?.split(',').at(-1);
    expect(Number(last)).toBeCloseTo(pattern[(2 * tokens + tokens) * tokens - 1] ?? NaN, 5);
    const json = JSON.parse(await save(/All heads of layer 3.*JSON/)) as {
      heads: { head: number; map: number[][] }[];
    };
    expect(json.heads).toHaveLength(6);
    expect(json.heads[2]?.map[5]?.[1]).toBeCloseTo(pattern[(2 * tokens + 5) * tokens + 1] ?? NaN, 5);
    expect(await save(/Head 2 of layer 3.*SVG/)).toMatch(/^<svg /);
    const text = (await save(/^On the text.*CSV/)).trim().split(/\r?\n/).slice(1).map((line) => line.split(',').slice(-2)); // prettier-ignore
    text.forEach(([to, from], at) => {
      if (at > 5) expect(to).toBe('');
      else expect(Number(to)).toBeCloseTo(pattern[(2 * tokens + 5) * tokens + at] ?? NaN, 5);
      if (at < 5) expect(from).toBe('');
      else expect(Number(from)).toBeCloseTo(pattern[(2 * tokens + at) * tokens + 5] ?? NaN, 5);
    });
    expect(text).toHaveLength(tokens);
    expect((await save(/^On the text.*SVG/)).match(/class="own"/g)).toHaveLength(2);
    await visit.end();
  });

  it('a trace saved with a layer’s attention shows it again without the model', async () => {
    const visit = await open('&layer=3&pos=5&head=2');
    const { page } = visit;
    await page.getByRole('button', { name: 'Export' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: /Trace with the attention of layer 3.*JSON/ }).click(),
    ]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.locator('input#trace-file').setInputFiles(await download.path());
    await page.getByText(/From a trace: weights to ±0.002/).waitFor();
    const { pattern, tokens } = await read(3);
    const row = pattern.subarray((2 * tokens + 5) * tokens, (2 * tokens + 5) * tokens + 6);
    const shown = await page
      .getByRole('list', { name: 'Looks at', exact: true })
      .locator('.p')
      .first()
      .textContent();
    expect(Math.abs(Number(shown) - Math.max(...row))).toBeLessThan(0.003);
    expect(await page.getByRole('radio', { name: 'value-weighted' }).count()).toBe(0);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it.each([
    ['light', 1280, { colorScheme: 'light' }],
    ['dark', 1280, { colorScheme: 'dark' }],
    ['360 px', 360, { viewport: { width: 360, height: 780 }, hasTouch: true }],
  ] as const)('is without complaint from axe: %s', async (_, wide, options) => {
    const visit = await open('&layer=3&pos=5&head=2', options);
    await visit.page.getByText('As a table').click();
    expect(await visit.violations()).toEqual([]);
    expect(await visit.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(wide);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });
});
