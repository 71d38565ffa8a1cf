/** Going on from a prompt, as a reader does: every number of the grown table is a full run's, by the library. */
import type { BrowserContextOptions } from 'playwright-core';
import { expect, it } from 'vitest';
import type { LayerReadings } from '../../shared/lens/readings.ts';
import { draw, drawable, randomAt } from '../../shared/sampling.ts';
import { describePage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';

const TOWER = 'The Eiffel Tower is in the city of';
const ADDRESS = `#model=fable-4m&device=wasm&prompt=${encodeURIComponent(TOWER)}`;

describePage('generation', { webgpu: false, model: true }, (stage) => {
  const open = async (options: BrowserContextOptions = {}): Promise<Visit> => {
    const visit = await stage.open(ADDRESS, options);
    await visit.state('done');
    await button(visit, 'Step').waitFor();
    return visit;
  };
  const button = (visit: Visit, name: string) => visit.page.getByRole('button', { name, exact: true });
  const columns = (visit: Visit) => visit.grid.getAttribute('aria-colcount').then(Number);
  const grownTo = (visit: Visit, tokens: number): Promise<void> =>
    expect.poll(() => columns(visit), { timeout: 30_000 }).toBe(tokens + 1);
  const tower = (): number[] => [...stage.model.tokenizer.encode(TOWER).ids];

  async function rowsOf(ids: readonly number[]): Promise<LayerReadings[]> {
    const rows: LayerReadings[] = [];
    for await (const event of stage.model.stream(ids))
      if (event.type === 'readings') rows.push(event.readings);
    return rows;
  }

  /** The output's draws from a seed, each on a run of everything before it. */
  async function drawn(start: readonly number[], steps: number, seed: number): Promise<number[]> {
    const ids = [...start];
    for (let i = 0; i < steps; i++) {
      const cache = await stage.model.runWithCache(ids, { hooks: ['logits'] });
      const logits = (await cache.get('logits')?.data()) ?? new Float32Array();
      const sampling = { temperature: 1.3, topK: 40, topP: 0.9 };
      const last = logits.subarray(logits.length - stage.model.spec.dVocab);
      ids.push(draw(drawable(last, sampling), randomAt(seed, ids.length - 1)).id);
    }
    return ids;
  }

  /** The table's last two columns, by their accessible names, against a full run. */
  async function expectColumns(visit: Visit, ids: readonly number[]): Promise<void> {
    const rows = await rowsOf(ids);
    for (const pos of [ids.length - 2, ids.length - 1]) {
      for (const { layer, topIds, k } of rows) {
        const wanted = stage.model.tokenizer.text(topIds[pos * k] ?? -1).replace(/^ /, '·');
        expect(await visit.text(layer, pos), `layer ${layer}, position ${pos}`).toBe(wanted);
      }
    }
  }

  it('steps with the output’s first token, takes it back, and the address follows', async () => {
    const visit = await open();
    const ids = tower();
    await button(visit, 'Step').click();
    await grownTo(visit, ids.length + 1);
    await visit.page.getByText('Added “·Paris”').waitFor();
    const grown = [...ids, stage.model.tokenizer.encode(' Paris', { bos: false }).ids[0] ?? -1];
    await expectColumns(visit, grown);
    expect(await visit.prompt.inputValue()).toBe(`${TOWER} Paris`);
    await expect.poll(() => decodeURIComponent(visit.page.url())).toContain(`prompt=${TOWER} Paris`);

    // The column before knows by now what came next.
    const before = ids.length - 1;
    await visit.cell(stage.model.spec.nLayers - 1, before).click();
    const next = visit.page.locator('rs-inspector tr', { hasText: 'the actual next' });
    const last = (await rowsOf(grown)).at(-1);
    const p = Math.exp(last?.next.logprobs[before] ?? NaN);
    expect(await next.textContent()).toContain('·Paris');
    expect(await next.locator('td').first().textContent()).toBe(p.toFixed(3));
    expect(await next.locator('td').last().textContent()).toBe('0');

    await button(visit, 'Undo').click();
    await grownTo(visit, ids.length);
    expect(await visit.prompt.inputValue()).toBe(TOWER);
    expect(await next.textContent()).not.toContain('Paris');
    expect(await button(visit, 'Undo').isDisabled()).toBe(true);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('draws from a seed what the library draws, and runs on the same after a step back', async () => {
    const visit = await open();
    const ids = await drawn(tower(), 6, 11);
    const field = (name: string) => visit.page.getByRole('spinbutton', { name, exact: true });
    await visit.page.getByText('Sampling', { exact: true }).click();
    for (const [name, value] of [
      ['tokens', '6'],
      ['temperature', '1.3'],
      ['seed', '11'],
      ['top-k', '40'],
      ['top-p', '0.9'],
    ] as const) {
      await field(name).fill(value);
      await field(name).press('Tab');
    }
    await button(visit, 'Sample').click();
    await grownTo(visit, ids.length);
    await expectColumns(visit, ids);
    await button(visit, 'Undo').click();
    await grownTo(visit, ids.length - 1);
    await button(visit, 'Undo').click();
    await grownTo(visit, ids.length - 2);
    await field('tokens').fill('2');
    await field('tokens').press('Tab');
    await button(visit, 'Sample').click();
    await grownTo(visit, ids.length);
    await expectColumns(visit, ids);
    await visit.end();
  });

  it('goes on with a candidate, by the keyboard, in both schemes and on a phone', async () => {
    const visit = await open({ viewport: { width: 360, height: 780 }, colorScheme: 'dark' });
    const ids = tower();
    const rows = await rowsOf(ids);
    const top = rows.at(-2);
    const second = top?.topIds[(ids.length - 1) * top.k + 1] ?? -1;
    const name = stage.model.tokenizer.text(second).replace(/^ /, '·');
    await button(visit, `Continue with ${name}`).click();
    await grownTo(visit, ids.length + 1);
    await expectColumns(visit, [...ids, second]);
    await visit.cell(0, ids.length).focus();
    await visit.page.keyboard.press('g');
    await grownTo(visit, ids.length + 2);
    expect(await visit.page.evaluate(() => document.activeElement?.tagName)).toBe('RS-APP');
    await visit.page.keyboard.press('u');
    await grownTo(visit, ids.length + 1);
    expect(await visit.violations()).toEqual([]);
    const wide = await visit.page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBeLessThanOrEqual(360);
    await visit.page.emulateMedia({ colorScheme: 'light' });
    expect(await visit.violations()).toEqual([]);
    await visit.end();
  });

  it('says where the context ends', async () => {
    const most = stage.model.spec.nCtx;
    const ids = Array.from({ length: most - 1 }, (_, i) => (i * 7) % 900);
    const visit = await stage.open(`#model=fable-4m&device=wasm&ids=${ids.join()}`);
    await visit.state('done');
    await button(visit, 'Step').click();
    await visit.page.getByText(`The context of ${most} tokens is full.`).waitFor();
    expect(await button(visit, 'Step').isDisabled()).toBe(true);
    await visit.end();
  });
});
