/** Direct logit attribution and neurons' writes: against TransformerLens's activations, and against the run itself. */
import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Attribution, Intervention } from '../../engine/node.ts';
import { decodeGoldens, golden, type Goldens } from '../cases/golden.ts';
import { pathOf, readBytes } from '../support/addresses.ts';
import { importLibrary, type Library } from '../support/library.ts';
import { GGUF } from '../support/smollm2.ts';

const SUM = 1e-4;
const TOLERANCE = 1e-3;
const TINY = [
  'gpt2',
  'gpt_neo',
  'gpt_neox',
  'gpt_neox_sequential',
  'llama',
  'llama_scaled',
  'mistral',
  'qwen2',
  'qwen3',
  'gemma3_text',
];

let library: Library;
let goldens: Goldens = new Map();
beforeAll(async () => {
  library = await importLibrary();
  goldens = await decodeGoldens('attribution', await readBytes('test/goldens/attribution.safetensors'));
});

function worst(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  expect(ours.length).toBe(theirs.length);
  return Array.from(ours).reduce((most, x, i) => Math.max(most, Math.abs(x - (theirs[i] ?? NaN))), 0);
}

function sumOf({ components, parts }: Attribution, kind: string): number {
  return components.reduce((sum, each, i) => sum + (each.kind === kind ? (parts[i] as number) : 0), 0);
}

const SMOLLM2 = pathOf(`../${GGUF}`);
const shared = pathOf('../shared/goldens');
const missing = existsSync(shared) ? '' : ': ../shared is not beside the checkout';

describe.skipIf(missing)(`against TransformerLens${missing}`, () => {
  it.each([...TINY, 'fable-4m', 'smollm2'])('%s', async (name) => {
    const source = name === 'fable-4m' ? name : name === 'smollm2' ? SMOLLM2 : `${shared}/${name}`;
    const model = await library.LensModel.load(source, { device: 'wasm' });
    try {
      const theirs = (key: string): Float32Array => golden(goldens, `${name}.${key}`).data;
      const ids = [...theirs('ids')];
      const [pos, target, against] = theirs('asked') as unknown as [number, number, number];
      const a = await model.attribution(ids, { pos, target, against });
      expect(a.error).toBeLessThanOrEqual(SUM);
      const behind = ids.length - pos - 1;
      const seen = a.bySource.filter((_, i) => i % ids.length <= pos);
      const gaps = {
        logit: worst([a.logit], theirs('logit')),
        embed: worst([sumOf(a, 'embed')], theirs('embed')),
        position: goldens.has(`${name}.pos_embed`)
          ? worst([sumOf(a, 'posEmbed')], theirs('pos_embed'))
          : Math.abs(sumOf(a, 'posEmbed')),
        heads: worst(a.byHead, theirs('heads')),
        sources: worst(
          seen,
          theirs('sources').filter((_, i) => i % ids.length <= pos),
        ),
        attention: worst(a.attn, theirs('attn')),
        mlp: worst(a.mlp, theirs('mlp')),
        final: worst([sumOf(a, 'finalBias')], theirs('bias')),
      };
      expect(behind).toBeGreaterThan(0);
      expect(a.bySource.filter((_, i) => i % ids.length > pos).every((x) => x === 0)).toBe(true);
      const layer = model.spec.nLayers - 1;
      const count = Math.min(1000, model.spec.dMlp);
      const { writes } = await model.neurons(ids, { pos, target, against, layer, count, k: 1 });
      const at = (key: string): number[] => writes.map(({ neuron }) => theirs(key)[neuron] ?? NaN);
      const neurons = {
        moves: worst(
          writes.map(({ moves }) => moves),
          at('neuron_moves'),
        ),
        lengths: worst(
          writes.map(({ length, neuron }) => length / Math.max(1, theirs('neuron_lengths')[neuron] ?? NaN)),
          at('neuron_lengths').map((x) => x / Math.max(1, x)),
        ),
      };
      const said = Object.entries({ sum: a.error, ...gaps, ...neurons });
      console.log(
        `attribution: ${name}: ${said.map(([k, gap]) => `${k} ${gap.toExponential(1)}`).join(', ')}`,
      );
      for (const [key, gap] of said) expect(gap, `${name}: ${key}`).toBeLessThanOrEqual(TOLERANCE);
      if (count === model.spec.dMlp) {
        const total = writes.reduce((sum, { moves }) => sum + moves, 0);
        expect(Math.abs(total - sumOfLayer(a, layer))).toBeLessThanOrEqual(SUM);
      }
    } finally {
      await model.dispose();
    }
  });

  function sumOfLayer(a: Attribution, layer: number): number {
    return a.parts[a.components.findIndex((each) => each.kind === 'mlp' && each.layer === layer)] as number;
  }

  it.each(TINY)('%s: the parts sum to the logit whatever was changed on the way', async (name) => {
    const model = await library.LensModel.load(`${shared}/${name}`, { device: 'wasm' });
    try {
      const { dModel, dVocab, parallel, dMlp } = model.spec;
      const ids = [3, 14, 15, 9, 2, 6].map((id) => id % dVocab);
      const wave = Float32Array.from({ length: dModel }, (_, i) => Math.sin(i));
      const changes: Intervention[] = [
        { hook: 'hook_embed', factor: 0.5, value: wave },
        { hook: 'blocks.0.attn.hook_z', units: [1], factor: 2 },
        { hook: 'blocks.0.hook_attn_out', factor: 0.3, value: wave },
        { hook: 'blocks.0.mlp.hook_post', units: [0, dMlp - 1], factor: -1 },
        { hook: 'blocks.0.hook_mlp_out', factor: 1.7, value: wave },
        ...(parallel ? [] : [{ hook: 'blocks.1.hook_resid_mid', factor: 0.9, value: wave }]),
        { hook: 'blocks.1.hook_mlp_out' },
        { hook: 'blocks.0.hook_resid_post', factor: 0.8, value: wave },
      ];
      const plain = await model.attribution(ids, { target: 5 });
      for (const interventions of [changes, ...changes.map((one) => [one])]) {
        const a = await model.attribution(ids, { target: 5, interventions });
        const label = interventions.map(({ hook }) => hook).join();
        expect(a.error, label).toBeLessThanOrEqual(SUM);
        expect(Math.abs(a.logit - plain.logit), label).toBeGreaterThan(1e-4);
        a.byHead.forEach((part, at) => {
          const row = a.bySource.subarray(at * a.tokens, (at + 1) * a.tokens);
          expect(Math.abs(row.reduce((x, y) => x + y, 0) - part), label).toBeLessThan(SUM);
        });
      }
      const mean = await model.attribution(ids, { target: 5, against: 'mean' });
      const logits = (await (
        await model.runWithCache(ids, { hooks: ['logits'] })
      )
        .get('logits')
        ?.data()) as Float32Array;
      const row = logits.subarray(5 * dVocab);
      expect(mean.logit).toBeCloseTo((row[5] as number) - row.reduce((x, y) => x + y, 0) / dVocab, 4);
      expect(mean.error).toBeLessThanOrEqual(SUM);
    } finally {
      await model.dispose();
    }
  });
});

it('takes the top token and the last position, and refuses what is not there', async () => {
  const model = await library.LensModel.load('fable-4m');
  try {
    const { ids } = model.tokenizer.encode('The Eiffel Tower is in the city of');
    const a = await model.attribution(ids);
    expect([a.pos, model.tokenizer.text(a.target), a.against]).toEqual([ids.length - 1, ' Paris', undefined]);
    expect(await model.attribution(ids, { pos: -1, target: a.target })).toEqual(a);
    await expect(model.attribution(ids, { pos: 9 })).rejects.toThrow(
      'attribution: position 9 is outside the prompt: expected 0 to 8',
    );
    await expect(model.attribution(ids, { target: 1e6 })).rejects.toThrow(
      'attribution: target: 1000000 is outside the vocabulary',
    );
    await expect(model.attribution(ids, { against: -2 })).rejects.toThrow('attribution: against: -2 is');
    const controller = new AbortController();
    controller.abort();
    await expect(model.attribution(ids, { signal: controller.signal })).rejects.toThrow('cancelled');
  } finally {
    await model.dispose();
  }
});
