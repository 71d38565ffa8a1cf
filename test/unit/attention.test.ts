/** Readings of attention: by hand on small maps, and every golden pattern weighted as numpy weights it. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  combineHeads,
  headScores,
  isSeen,
  outputGrams,
  shrink,
  valueLengths,
  valueWeighted,
} from '../../shared/lens/attention.ts';
import { readSpec } from '../../shared/spec/read-spec.ts';
import type { ModelSpec } from '../../shared/spec/model-spec.ts';
import { decodeGoldens, golden, type Goldens } from '../cases/golden.ts';
import { readBytes, sharedMissing } from '../support/addresses.ts';

/** Two heads over three tokens. */
const MAPS = Float32Array.from([1, 0, 0, 0.25, 0.75, 0, 0.5, 0.25, 0.25, 1, 0, 0, 1, 0, 0, 0, 0, 1]);
const SHAPE = { heads: 2, tokens: 3 };

describe('attention readings', () => {
  it('scores leave positions 0 and 1 out', () => {
    const scores = headScores(MAPS, [5, 6, 6], SHAPE);
    expect([...scores.previous]).toEqual([0.25, 0]);
    expect([...scores.present]).toEqual([0.25, 1]);
    expect([...scores.first]).toEqual([0.5, 0]);
    expect([...scores.duplicate]).toEqual([0.25, 0]);
    expect([...headScores(MAPS, [5, 6, 7], SHAPE).duplicate]).toEqual([NaN, NaN]);
    // A copy of the first token does not count: whatever it is, it collects attention.
    expect([...headScores(MAPS, [5, 6, 5], SHAPE).duplicate]).toEqual([NaN, NaN]);
    expect([...headScores(Float32Array.of(1, 0, 0.5, 0.5), [1, 2], { heads: 1, tokens: 2 }).first]).toEqual([
      NaN,
    ]);
  });

  it('weighs by the length of what a head writes', () => {
    // One head of two numbers, three wide: rows of W_O (3, 0, 4) and (0, 1, 0).
    const w = Float32Array.of(3, 0, 4, 0, 1, 0);
    const shape = { nHeads: 1, dHead: 2, dModel: 3 };
    const grams = outputGrams(w, 'in-out', shape);
    expect([...grams]).toEqual([25, 0, 0, 1]);
    expect(outputGrams(Float32Array.of(3, 0, 0, 1, 4, 0), 'out-in', shape)).toEqual(grams);
    const lengths = valueLengths(Float32Array.of(1, 0, 0, 2), grams, { nHeads: 1, nKvHeads: 1, dHead: 2 });
    expect([...lengths]).toEqual([5, 2]);
    const map = Float32Array.of(1, 0, 0.5, 0.5);
    expect([...valueWeighted(map, lengths, { heads: 1, tokens: 2 })]).toEqual([5, 0, 2.5, 1]);
    expect(() => outputGrams(w, 'in-out', { ...shape, dModel: 4 })).toThrow(
      'attention: output matrix: expected 2 × 4, got 6 numbers',
    );
    expect(() => valueLengths(map, grams, { nHeads: 2, nKvHeads: 1, dHead: 2 })).toThrow(
      'attention: values: expected [*, 1, 2], got 4 numbers',
    );
  });

  it('mean and largest of the heads', () => {
    expect([...combineHeads(MAPS, SHAPE, 'mean').subarray(6)]).toEqual([0.25, 0.125, 0.625]);
    expect([...combineHeads(MAPS, SHAPE, 'max').subarray(6)]).toEqual([0.5, 0.25, 1]);
  });

  it('a small map keeps thin lines: the largest of what falls on a place', () => {
    const tokens = 100;
    const map = new Float32Array(2 * tokens * tokens);
    for (let t = 1; t < tokens; t++) map[tokens * tokens + t * tokens + t - 1] = 1;
    const small = shrink(map, tokens, 10, tokens * tokens);
    for (let i = 0; i < 10; i++) expect(small[i * 10 + i]).toBe(1);
    for (let i = 1; i < 10; i++) expect(small[i * 10 + i - 1]).toBe(1);
    expect(small.reduce((sum, x) => sum + x, 0)).toBe(19);
    expect([...shrink(MAPS, 3, 3, 9)]).toEqual([...MAPS.subarray(9)]);
  });

  it('what a token sees', () => {
    expect([isSeen(3, 3, undefined), isSeen(3, 4, undefined), isSeen(3, 0, undefined)]).toEqual([
      true,
      false,
      true,
    ]);
    expect([isSeen(3, 2, 2), isSeen(3, 1, 2)]).toEqual([true, false]);
  });
});

/** Those whose weights are one file; test/node has the others too. */
const MODELS = ['gpt2', 'gpt_neo', 'llama', 'mistral', 'gemma3_text', 'fable-4m'];

describe.skipIf(sharedMissing)(`value-weighted patterns${sharedMissing ? `: ${sharedMissing}` : ''}`, () => {
  let weighted: Goldens = new Map();
  beforeAll(async () => {
    weighted = await decodeGoldens('attention', await readBytes('test/goldens/attention.safetensors'));
  });

  it.each(MODELS)('%s as numpy has them', async (name) => {
    const folder = name === 'fable-4m' ? `shared/models/${name}` : `shared/goldens/${name}`;
    const [weights, shared, own] = await Promise.all([
      decodeGoldens(name, await readBytes(`${folder}/model.safetensors`)),
      decodeGoldens(name, await readBytes(`${folder}/golden.safetensors`)),
      decodeGoldens(name, await readBytes(`test/goldens/${name}-hooks.safetensors`)),
    ]);
    const hooks = new Map([...shared, ...own]);
    const text = new TextDecoder().decode(await readBytes(`${folder}/config.json`));
    const config = JSON.parse(text) as Record<string, unknown>;
    const spec: ModelSpec = await readSpec(name, config, weights);
    const { nHeads, nLayers } = spec;
    let worst = 0;
    for (let layer = 0; layer < nLayers; layer++) {
      const { data, shape } = golden(weighted, `${name}.${layer}.weighted`);
      const out = spec.weights.blocks[layer]?.out;
      if (!out) throw new Error('no output matrix');
      const grams = outputGrams(golden(weights, out.weight).data, out.layout, spec);
      const lengths = valueLengths(golden(hooks, `0.blocks.${layer}.attn.hook_v`).data, grams, spec);
      const pattern = golden(hooks, `0.blocks.${layer}.attn.hook_pattern`).data;
      const ours = valueWeighted(pattern, lengths, { heads: nHeads, tokens: shape[1] ?? 0 });
      expect(ours).toHaveLength(data.length);
      const most = data.reduce((max, x) => Math.max(max, x), 0);
      ours.forEach((x, i) => (worst = Math.max(worst, Math.abs(x - (data[i] ?? NaN)) / most)));
    }
    expect(worst).toBeLessThanOrEqual(1e-6);
  });
});
