/** Translated lenses: the fit against numpy's closed form, a tuned lens against torch's, files that are none. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LayerReadings } from '../../shared/lens/readings.ts';
import type { StreamEvent, Translators } from '../../engine/node.ts';
import { absoluteDeviation, TOLERANCE, vectorDeviation } from '../cases/compare.ts';
import { decodeGoldens, golden, type Goldens } from '../cases/golden.ts';
import { pathOf } from '../support/addresses.ts';
import { importLibrary, type Library } from '../support/library.ts';

type Model = InstanceType<Library['LensModel']>;
const EIFFEL = 'The Eiffel Tower is in the city of';

let library: Library;
let fable: Model;
let corpus: string[];

async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(pathOf(path)));
}

async function readingsOf(stream: AsyncIterable<StreamEvent>): Promise<LayerReadings[]> {
  const rows: LayerReadings[] = [];
  for await (const event of stream) if (event.type === 'readings') rows.push(event.readings);
  return rows;
}

/** x + x·W + b, in f64. */
function translated(states: Float32Array, lens: Translators, block: number): Float32Array {
  const { weight, bias } = lens.layers[block] as Translators['layers'][number];
  const d = lens.dModel;
  return Float32Array.from(states, (x, at) => {
    const [row, j] = [Math.floor(at / d), at % d];
    let sum = x + (bias[j] as number);
    for (let i = 0; i < d; i++) sum += (states[row * d + i] as number) * (weight[i * d + j] as number);
    return sum;
  });
}

/** The goldens' prompts of a model. */
function promptsOf(goldens: Goldens, name: string): number[][] {
  const ids = golden(goldens, `${name}.ids`).data;
  let at = 0;
  return Array.from(golden(goldens, `${name}.lengths`).data, (n) => [...ids.subarray(at, (at += n))]);
}

beforeAll(async () => {
  library = await importLibrary();
  fable = await library.LensModel.load('fable-4m', { device: 'wasm' });
  corpus = (await readFile(pathOf('site/public/reference/corpus.txt'), 'utf8')).split('\n').filter(Boolean);
});
afterAll(() => fable.dispose());

describe('fitted lens', () => {
  it.each([
    ['fable-4m', 'fable-4m'],
    ['gpt2', pathOf('../shared/goldens/gpt2')],
  ])('predicts what numpy’s closed form does: %s', async (name, source) => {
    if (name !== 'fable-4m' && !existsSync(source)) {
      console.log(`skipped: ${source} is not there`);
      return;
    }
    const goldens = await decodeGoldens('lens-fitted', await bytesOf('test/goldens/lens-fitted.safetensors'));
    const model = name === 'fable-4m' ? fable : await library.LensModel.load(source, { device: 'wasm' });
    const stages = new Set<string>();
    const lens = await model.fitLens(promptsOf(goldens, name), {
      positions: 1e6,
      onProgress: ({ stage, done, total }) => {
        expect(done).toBeLessThanOrEqual(total);
        stages.add(stage);
      },
    });
    expect([...stages]).toEqual(['states', 'solve', 'compare']);
    const lambdas = golden(goldens, `${name}.lambdas`).data;
    expect(lens.report?.lambdas.map((l) => Math.fround(l))).toEqual([...lambdas]);
    for (const block of [0, model.spec.nLayers - 1]) {
      const states = golden(goldens, `${name}.${block}.states`).data;
      const theirs = golden(goldens, `${name}.${block}.predicted`).data;
      const found = vectorDeviation(translated(states, lens, block), theirs, model.spec.dModel);
      console.log(`${name}, translator ${block}: ${found.worst.toExponential(1)} from numpy’s`);
      expect(found.worst).toBeLessThanOrEqual(TOLERANCE.vector);
    }
    if (model !== fable) await model.dispose();
  });

  it('tells more of the answer than the raw lens in every layer, and comes back from its file the same', async () => {
    const lens = await fable.fitLens(corpus, { positions: 6000 });
    const { heldOut } = lens.report as NonNullable<Translators['report']>;
    const table = heldOut.kl.map(
      (kl, row) =>
        `${row - 1}: KL ${heldOut.klRaw[row]?.toFixed(2)} → ${kl.toFixed(2)}, agreement ${heldOut.agreementRaw[row]?.toFixed(2)} → ${heldOut.agreement[row]?.toFixed(2)}`,
    );
    console.log(`fable-4m, held out: ${heldOut.positions} positions\n${table.join('\n')}`);
    const last = heldOut.kl.length - 1;
    for (let row = 0; row < last; row++) expect(heldOut.kl[row]).toBeLessThan(heldOut.klRaw[row] as number);
    expect(heldOut.kl[last]).toBe(heldOut.klRaw[last]);

    const again = await fable.openLens(new library.MemorySource('lens', library.saveLens(lens)));
    expect(again).toEqual(lens);

    const { ids } = fable.tokenizer.encode(EIFFEL);
    const raw = await readingsOf(fable.stream(ids));
    const rows = await readingsOf(fable.stream(ids, { lens: { translators: lens } }));
    expect(rows.at(-1)).toEqual(raw.at(-1));
    expect(rows[2]?.entropy).not.toEqual(raw[2]?.entropy);
    // The states of row 3, read by hand: the same as the row.
    const cache = await fable.runWithCache(ids, { hooks: ['blocks.3.hook_resid_post'] });
    const states = (await cache.get('blocks.3.hook_resid_post')?.data()) as Float32Array;
    const layers = new Int32Array(ids.length).fill(3);
    const read = await fable.lens(states, { translators: lens, layers });
    expect(absoluteDeviation(read.topLogprobs, rows[4]?.topLogprobs as Float32Array).worst).toBeLessThan(
      1e-5,
    );
    // Without translators, nothing has changed to the last bit.
    expect(await readingsOf(fable.stream(ids))).toEqual(raw);
    await expect(fable.lens(states, { translators: lens })).rejects.toThrow(
      'lens: layers: expected [9], the layer of each state, got none',
    );
    await expect(readingsOf(fable.stream(ids, { lens: { mid: true, translators: lens } }))).rejects.toThrow(
      'lens: mid: a fitted lens translates the states between blocks',
    );
  });

  it('stops when it is told to, and says when the prompts are too few', async () => {
    for (const stage of ['states', 'solve', 'compare'] as const) {
      const controller = new AbortController();
      const fit = fable.fitLens(corpus, {
        positions: 1500,
        signal: controller.signal,
        onProgress: (progress) => {
          if (progress.stage === stage) controller.abort();
        },
      });
      await expect(fit).rejects.toMatchObject({ kind: 'cancelled' });
    }
    await expect(fable.fitLens(corpus.slice(0, 6).map((line) => line.slice(0, 40)))).rejects.toThrow(
      /^fit: expected more than 192 positions to fit on and some held out, got \d+ and \d+: give more prompts$/,
    );
  });
});

describe.skipIf(!existsSync(pathOf('../shared/goldens/llama')))('tuned lens', () => {
  it('reads as torch’s formula does, from a converted pickle', async () => {
    const model = await library.LensModel.load(pathOf('../shared/goldens/llama'), { device: 'wasm' });
    const file = await bytesOf('test/goldens/lens-tuned.safetensors');
    const lens = await model.openLens(new library.MemorySource('lens-tuned.safetensors', file));
    expect(lens.kind).toBe('tuned');
    const goldens = await decodeGoldens('g', await bytesOf('test/goldens/lens-tuned-golden.safetensors'));
    const shared = await decodeGoldens('s', await bytesOf('../shared/goldens/llama/golden.safetensors'));
    for (let block = 0; block < model.spec.nLayers; block++) {
      const states = golden(shared, `0.blocks.${block}.hook_resid_pre`).data;
      const rows = states.length / model.spec.dModel;
      const layers = new Int32Array(rows).fill(block - 1);
      const read = await model.lens(states, { translators: lens, layers });
      expect([...read.topIds]).toEqual([...golden(goldens, `${block}.top_ids`).data]);
      const off = absoluteDeviation(read.topLogprobs, golden(goldens, `${block}.top_logprobs`).data);
      expect(off.worst).toBeLessThanOrEqual(TOLERANCE.logprob);
      const entropy = absoluteDeviation(read.entropy, golden(goldens, `${block}.entropy`).data);
      expect(entropy.worst).toBeLessThanOrEqual(TOLERANCE.nats);
    }
    await model.dispose();
  });

  it('is refused by a model that it was not made for', async () => {
    const file = await bytesOf('test/goldens/lens-tuned.safetensors');
    await expect(fable.openLens(new library.MemorySource('tuned.safetensors', file))).rejects.toThrow(
      'tuned.safetensors: expected 8 translators, got 3: it was made for another model',
    );
  });
});

describe('averages over prompts', () => {
  it('are the means of the single runs', async () => {
    const prompts = ['The Eiffel Tower is in the city of', 'A baby cow is called a', 'The dog'];
    const told: number[] = [];
    const averages = await fable.averages(prompts, { onProgress: ({ done }) => told.push(done) });
    expect(told).toEqual([0, 1, 2, 3]);
    const entropies: number[] = [];
    const kls: number[] = [];
    const depths: number[] = [];
    for (const prompt of prompts) {
      let row: LayerReadings | undefined;
      for await (const event of fable.stream(fable.tokenizer.encode(prompt).ids)) {
        if (event.type === 'readings' && event.readings.layer === 4) row = event.readings;
        if (event.type === 'late') {
          kls.push(...(event.late.kl[5]?.slice(1) ?? []));
          depths.push(...event.late.convergence.slice(1));
        }
      }
      entropies.push(...(row?.entropy.slice(1) ?? []));
    }
    const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    const deviation = (values: number[]): number =>
      Math.sqrt(values.reduce((sum, v) => sum + (v - mean(values)) ** 2, 0) / (values.length - 1));
    expect(averages).toMatchObject({ prompts: 3, positions: entropies.length });
    expect(averages.layers).toEqual([-1, 0, 1, 2, 3, 4, 5, 6, 7]);
    expect(averages.entropy[5]?.mean).toBeCloseTo(mean(entropies), 4);
    expect(averages.entropy[5]?.deviation).toBeCloseTo(deviation(entropies), 4);
    expect(averages.kl[5]?.mean).toBeCloseTo(mean(kls), 4);
    expect(averages.convergence.mean).toBeCloseTo(mean(depths), 10);
    expect(averages.settled[5]).toBeCloseTo(depths.filter((depth) => depth <= 4).length / depths.length, 10);
    expect(averages.agreement.at(-1)).toBe(1);

    const last = await fable.averages(prompts, { positions: 'last' });
    expect(last.positions).toBe(3);
    await expect(fable.averages([[0]])).rejects.toThrow('averages: no prompt has a token after its first');
  });
});
