/** Neurons: a deleting one made by hand, readings held against plain code on small models, ablation. */
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AblationUnit, LensModel } from '../../engine/node.ts';
import { pathOf } from '../support/addresses.ts';
import { DELETING_NEURON, inductionFolder } from '../support/induction-model.ts';
import { importLibrary, type Library } from '../support/library.ts';

let library: Library;
beforeAll(async () => {
  library = await importLibrary();
});

async function dataOf(
  model: LensModel,
  ids: readonly number[],
  hook: string,
  options = {},
): Promise<Float32Array> {
  const cache = await model.runWithCache(ids, { hooks: [hook], ...options });
  return (await cache.get(hook)?.data()) ?? new Float32Array();
}

describe('a deleting neuron made by hand', () => {
  let folder = '';
  let model: LensModel;
  const { layer, neuron, token } = DELETING_NEURON;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'residscope-neurons-'));
    await inductionFolder(folder, { deletingNeuron: true });
    model = await library.LensModel.load(folder);
  });
  afterAll(async () => {
    await model.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is recognized: first of the list, its page says what it reads and takes away', async () => {
    const { strongest, cosines, histogram, neurons } = await model.deletion([], { count: 3, bins: 10 });
    expect(strongest[0]).toMatchObject({ layer, neuron });
    expect(strongest[0]?.cosine).toBeCloseTo(-1, 3);
    expect(strongest[0]?.folded).toBeCloseTo(-1, 3);
    expect(strongest).toHaveLength(1); // the others are zero: no cosine
    expect(cosines[0]).toBeNaN();
    expect(histogram[layer]?.[0]).toBe(1);
    const page = await model.neuron(layer, neuron, { k: 3 });
    expect(page.keys.map(({ part }) => part)).toEqual(['in']);
    expect(page.keys[0]?.nearest.ids[0]).toBe(token);
    expect(page.cosine).toBeCloseTo(-1, 3);
    expect(neurons).toBe(4);
    await expect(model.neuron(2, 0)).rejects.toThrow('neurons: layer: expected a whole number from 0 to 1');
  });

  it('what it takes away comes back when it is ablated', async () => {
    const ids = [0, 7, token, 30];
    const hook = `blocks.${layer}.hook_resid_post`;
    const kept = await dataOf(model, ids, `blocks.${layer}.hook_resid_mid`);
    const cut = await dataOf(model, ids, hook);
    const interventions = library.ablationInterventions(
      model.spec,
      { units: [{ kind: 'neuron', layer, neuron }], how: 'zero' },
      { tokens: ids.length },
    );
    const back = await dataOf(model, ids, hook, { interventions });
    const gap = (x: Float32Array): number =>
      Math.max(...x.map((value, i) => Math.abs(value - (kept[i] as number))));
    expect(gap(cut)).toBeGreaterThan(0.01);
    expect(gap(back)).toBeLessThan(1e-6);
    const { writes } = await model.neurons(ids, { pos: 2, count: 1 });
    expect(writes[0]).toMatchObject({ layer, neuron });
  });
});

const shared = pathOf('../shared/goldens');
const missing = existsSync(shared) ? '' : ': ../shared is not beside the checkout';

describe.skipIf(missing).each(['gpt2', 'gpt_neox', 'llama', 'gemma3_text'])(`%s${missing}`, (name) => {
  let model: LensModel;
  let prompts: number[][] = [];
  beforeAll(async () => {
    model = await library.LensModel.load(`${shared}/${name}`, { device: 'wasm' });
    const { dVocab } = model.spec;
    prompts = Array.from({ length: 12 }, (_, i) =>
      Array.from({ length: 5 + (i % 4) }, (__, j) => (i * 31 + j * j * 17 + 3) % dVocab),
    );
  });
  afterAll(() => model.dispose());

  it('triggers are the highest coefficients of all positions but the first', async () => {
    const { dMlp } = model.spec;
    const told: number[] = [];
    for (const order of ['highest', 'lowest'] as const) {
      const found = await model.neuronTriggers(prompts, {
        layers: [1],
        top: 3,
        order,
        onProgress: ({ done }) => told.push(done),
      });
      const all = Array.from({ length: dMlp }, (): { x: number; prompt: number; pos: number }[] => []);
      for (const [prompt, ids] of prompts.entries()) {
        const post = await dataOf(model, ids, 'blocks.1.mlp.hook_post');
        for (let i = dMlp; i < post.length; i++) {
          all[i % dMlp]?.push({ x: post[i] as number, prompt, pos: Math.floor(i / dMlp) });
        }
      }
      const [table] = found.layers;
      all.forEach((places, neuron) => {
        places.sort((a, b) => (order === 'highest' ? b.x - a.x : a.x - b.x));
        for (let t = 0; t < 3; t++) {
          const at = neuron * 3 + t;
          expect(Math.abs((table?.coefficient[at] ?? NaN) - (places[t]?.x ?? NaN))).toBeLessThan(1e-5);
        }
        expect([table?.prompt[neuron * 3], table?.pos[neuron * 3]]).toEqual([
          places[0]?.prompt,
          places[0]?.pos,
        ]);
      });
      expect(found.positions).toBe(prompts.reduce((n, ids) => n + ids.length - 1, 0));
    }
    expect(told.at(-1)).toBe(prompts.length);
  });

  it('the tokens of a value are the top of U·v, of a write those that its logits move', async () => {
    const { dVocab, dModel } = model.spec;
    const ids = prompts[0] as number[];
    const pos = 3;
    const { writes } = await model.neurons(ids, { pos, count: 2, k: dVocab > 100 ? 100 : dVocab });
    for (const { layer, neuron, promoted, suppressed, coefficient } of writes) {
      expect(promoted.values[0]).toBeGreaterThan(0);
      expect(suppressed.values[0]).toBeLessThan(0);
      const page = await model.neuron(layer, neuron, { k: 5 });
      const same = coefficient > 0 ? page.promoted : page.suppressed;
      expect([...promoted.ids.subarray(0, 5)]).toEqual([...same.ids]);
      // Each token's own number again, as the move of that token's logit.
      const again = await model.neurons(ids, { pos, count: 2, k: 1, target: promoted.ids[0] as number });
      const write = again.writes.find((each) => each.layer === layer && each.neuron === neuron);
      expect(write?.moves).toBeCloseTo(promoted.values[0] as number, 4);
    }
    const [key] = (await model.neuron(0, 0)).keys;
    expect(key?.nearest.values[0]).toBeLessThanOrEqual(1);
    expect(key?.farthest.values[0]).toBeLessThan(key?.nearest.values[9] ?? NaN);
    expect(dModel).toBeGreaterThan(0);
  });

  it('agreement reads every layer’s values; cosines are of every neuron', async () => {
    const { nLayers, dMlp } = model.spec;
    const triggers = await model.neuronTriggers(prompts, { top: 2 });
    const agreement = await model.neuronAgreement(triggers, { neurons: 10 });
    expect(agreement.layers).toEqual(Array.from({ length: nLayers }, (_, l) => l));
    expect(agreement.topTokens[0]?.filter((id) => id >= 0)).toHaveLength(10);
    const { topTokens } = agreement;
    const neuron = topTokens[0]?.findIndex((id) => id >= 0) ?? NaN;
    expect((await model.neuron(0, neuron, { k: 1 })).promoted.ids[0]).toBe(topTokens[0]?.[neuron]);
    const { cosines, histogram, gateMeans, strongest } = await model.deletion(prompts, { count: 4 });
    expect(histogram.reduce((n, row) => n + row.reduce((a, b) => a + b, 0), 0)).toBe(nLayers * dMlp);
    expect(gateMeans === undefined).toBe(name.startsWith('gpt'));
    const { layer, neuron: own, cosine } = strongest[0] ?? { layer: -1, neuron: -1, cosine: NaN };
    expect(Math.min(...cosines)).toBe(cosine);
    const sign = (gateMeans?.[layer * dMlp + own] ?? 1) < 0 ? -1 : 1;
    expect((await model.neuron(layer, own)).cosine).toBeCloseTo(sign * cosine, 6);
  });

  it('ablates: nothing is nothing bit for bit, all neurons of a layer are its MLP without the bias', async () => {
    const ids = prompts[1] as number[];
    const run = { tokens: ids.length };
    const logits = (units: AblationUnit[], how: 'zero' | 'mean' | { factor: number }) =>
      model.meanActivations(prompts).then((means) =>
        dataOf(model, ids, 'logits', {
          interventions: library.ablationInterventions(model.spec, { units, how }, run, means),
        }),
      );
    const plain = await dataOf(model, ids, 'logits');
    expect(await logits([], 'zero')).toEqual(plain);
    expect(await logits([{ kind: 'neuron', layer: 1, neuron: 0 }], { factor: 1 })).toEqual(plain);
    const worst = (a: Float32Array, b: Float32Array): number =>
      a.reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] ?? NaN))), 0);
    const all = (how: 'zero' | 'mean'): Promise<Float32Array> =>
      logits(
        Array.from({ length: model.spec.dMlp }, (_, neuron) => ({ kind: 'neuron', layer: 1, neuron })),
        how,
      );
    const block = model.spec.weights.blocks[1];
    // Behind a bias or a post-norm, no neurons is not no write; and the mean of the writes is not the write of the mean.
    if (block?.mlpOut.bias === undefined) {
      expect(worst(await all('zero'), await logits([{ kind: 'mlp', layer: 1 }], 'zero'))).toBeLessThan(1e-5);
    }
    if (!block?.postMlpNorm) {
      expect(worst(await all('mean'), await logits([{ kind: 'mlp', layer: 1 }], 'mean'))).toBeLessThan(1e-4);
    }
    expect(worst(await logits([{ kind: 'head', layer: 0, head: 1 }], 'mean'), plain)).toBeGreaterThan(1e-6);
  });

  it('stops when told', async () => {
    const controller = new AbortController();
    const options = { signal: controller.signal, onProgress: () => controller.abort() };
    await expect(model.neuronTriggers(prompts, options)).rejects.toThrow('cancelled');
    await expect(model.deletion(prompts, options)).rejects.toThrow('cancelled');
  });
});

describe.skipIf(missing)('composition where heads are too narrow for symmetric matrices', () => {
  it('is the same, by factors', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'residscope-narrow-'));
    for (const file of readdirSync(`${shared}/gpt2`)) {
      if (!file.startsWith('golden')) copyFileSync(`${shared}/gpt2/${file}`, join(folder, file));
    }
    const config = JSON.parse(readFileSync(`${shared}/gpt2/config.json`, 'utf8')) as Record<string, unknown>;
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, n_head: 12 }));
    const model = await library.LensModel.load(folder, { device: 'wasm' });
    try {
      const { composition, heads, layers } = await model.heads({ draws: 1 });
      const { dModel: d, dHead: e } = model.spec;
      expect(d + 1).toBeGreaterThan(2 * e * e);
      // W_OV of head 0.3 into W_OV of head 1.5, as d × d matrices; norms folded in by hand.
      const gain = (await model.weight('transformer.h.1.ln_1.weight')).data;
      const first = (await model.weight('transformer.h.0.ln_1.weight')).data;
      const ov = async (layer: number, head: number, g: Float32Array): Promise<number[][]> => {
        const w = await model.headWeights(layer);
        const read = (i: number, k: number): number =>
          (g[i] as number) * (w.wV[(head * d + i) * e + k] as number);
        const out = Array.from({ length: d }, (_, i) =>
          Array.from({ length: d }, (__, j) => {
            let sum = 0;
            for (let k = 0; k < e; k++) sum += read(i, k) * (w.wO[(head * e + k) * d + j] as number);
            return sum;
          }),
        );
        const mean = (row: readonly number[]): number => row.reduce((a, b) => a + b, 0) / d;
        const rows = out.map((row) => row.map((x) => x - mean(row)));
        return rows.map((row) => row.map((x, j) => x - mean(rows.map((each) => each[j] as number))));
      };
      const [one, two] = [await ov(0, 3, first), await ov(1, 5, gain)];
      const norm = (m: readonly (readonly number[])[]): number => Math.hypot(...m.flat());
      const product = one.map((row) =>
        Array.from({ length: d }, (_, j) => row.reduce((sum, x, k) => sum + x * (two[k]?.[j] ?? NaN), 0)),
      );
      const ours = composition?.v[3 * layers * heads + heads + 5] ?? NaN;
      expect(ours + (composition?.baseline ?? NaN)).toBeCloseTo(norm(product) / norm(one) / norm(two), 5);
    } finally {
      await model.dispose();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
