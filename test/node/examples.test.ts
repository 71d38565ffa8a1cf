/** What the page's examples say of themselves, held against the embedded model's numbers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LateReadings, LayerReadings } from '../../shared/lens/readings.ts';
import { EXAMPLES, VIEW_EXAMPLES, type Example } from '../../site/words/examples.ts';
import { importLibrary } from '../support/library.ts';

type Model = Awaited<ReturnType<Awaited<ReturnType<typeof importLibrary>>['LensModel']['load']>>;

describe('examples show what they say', () => {
  let model: Model;
  beforeAll(async () => {
    const { LensModel } = await importLibrary();
    model = await LensModel.load('fable-4m', { device: 'wasm' });
  });
  afterAll(() => model.dispose());

  const example = (label: string): Example => {
    const found = [...EXAMPLES, ...VIEW_EXAMPLES].find((one) => one.label === label);
    if (!found) throw new Error(`no example is called ${label}`);
    return found;
  };
  async function read(label: string) {
    const { prompt, show } = example(label);
    const { ids } = model.tokenizer.encode(prompt);
    const rows: LayerReadings[] = [];
    let late: LateReadings | undefined;
    for await (const event of model.stream(ids)) {
      if (event.type === 'readings') rows.push(event.readings);
      else if (event.type === 'late') late = event.late;
    }
    const last = rows.at(-1);
    if (!late || !last) throw new Error('the run has no end');
    expect(show.selected?.pos).toBeLessThan(ids.length);
    expect(show.selected?.layer).toBeLessThan(model.spec.nLayers);
    const says = (pos: number): string => model.tokenizer.text(late.finalIds[pos] ?? -1);
    const texts = [...ids].map((id) => model.tokenizer.text(id));
    return { show, ids: [...ids], texts, rows, late, says, entropy: [...last.entropy] };
  }

  it('A fact: Paris takes over at layer 4 and stays', async () => {
    const { show, says, late, rows } = await read('A fact');
    expect(says(8)).toBe(' Paris');
    expect(late.convergence[8]).toBe(4);
    expect(show.selected).toEqual({ layer: 4, pos: 8 });
    expect(Math.exp(rows.at(-1)?.topLogprobs[80] ?? NaN)).toBeGreaterThan(0.9);
  });

  it('Easy and hard: was → a from the first row, the word after a open to the top', async () => {
    const { texts, says, late, entropy } = await read('Easy and hard');
    expect([texts[6], says(6)]).toEqual([' was', ' a']);
    expect(late.convergence[6]).toBe(0);
    expect(late.convergence[7]).toBeGreaterThan(late.convergence[6] ?? NaN);
    expect(entropy[7]).toBeGreaterThan(20 * (entropy[6] ?? NaN));
    expect(entropy[7]).toBeGreaterThan(Math.log(model.spec.dVocab) / 2);
  });

  it('A repeated list: the second copy is certain and right, the first open', async () => {
    const { ids, late, entropy } = await read('A repeated list');
    for (const pos of [5, 6, 7]) {
      expect(late.finalIds[pos]).toBe(ids[pos - 3]);
      expect(entropy[pos]).toBeLessThan((entropy[pos - 4] ?? NaN) / 10);
    }
  });

  it('Who gets the drink: the name that came once wins, from layer 4 on', async () => {
    const { texts, says, late } = await read('Who gets the drink');
    expect(texts.filter((text) => text === ' John')).toHaveLength(2);
    expect(texts.filter((text) => text === ' Mary')).toHaveLength(1);
    expect(says(14)).toBe(' Mary');
    expect(late.convergence[14]).toBe(4);
  });

  it('Input lost: rank 0 in the bottom row, hundreds of places away in the next', async () => {
    const { rows, ids } = await read('Input lost');
    for (let pos = 1; pos < ids.length; pos++) {
      expect(rows[0]?.input.ranks[pos]).toBe(0);
      expect(rows[1]?.input.ranks[pos]).toBeGreaterThan(200);
    }
  });

  it('One direction, one answer: the first component reads as the prediction', async () => {
    const { says } = await read('One direction, one answer');
    const { ids } = model.tokenizer.encode(example('One direction, one answer').prompt);
    const { match, topIds } = await model.directions(ids);
    expect(match).toBe(true);
    expect(model.tokenizer.text(topIds[0] ?? -1)).toBe(says(8));
    expect(says(8)).toBe(' Paris');
  });

  it.skipIf(!VIEW_EXAMPLES.some(({ show }) => show.view === 'attention'))(
    'An induction head: from the second river to what followed the first (skipped without the attention view)',
    async () => {
      const { prompt, show } = example('An induction head');
      const { ids } = model.tokenizer.encode(prompt);
      const texts = [...ids].map((id) => model.tokenizer.text(id));
      const name = `blocks.${show.selected?.layer}.attn.hook_pattern`;
      const cache = await model.runWithCache(ids, { hooks: [name] });
      const data = await cache.get(name)?.data();
      const T = ids.length;
      expect([texts[6], texts[3]]).toEqual([' river', ' moon']);
      expect(show.selected?.pos).toBe(6);
      expect(data?.[((show.head ?? NaN) * T + 6) * T + 3]).toBeGreaterThan(0.9);
    },
  );
});
