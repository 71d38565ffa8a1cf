/**
 * A real model from its GGUF: SmolLM2-135M-Instruct (Q4_1, Q8_0 and F32 tensors) on wasm, against PyTorch's
 * activations of the same dequantized weights, to the stated tolerance.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOLERANCE, topDeviation, vectorDeviation } from '../cases/compare.ts';
import { golden } from '../cases/golden.ts';
import { distribution, topOf } from '../cases/lens-reference.ts';
import { compareHook, hookCases } from '../cases/parity-hooks.ts';
import { lensCases } from '../cases/parity-lens.ts';
import { resultOf } from '../cases/parity.ts';
import { ModelRun, onDevice } from '../cases/parity-run.ts';
import { pathOf, readBytes, sharedMissing } from '../support/addresses.ts';
import { importLibrary, type Library } from '../support/library.ts';
import { GGUF, SMOLLM2 } from '../support/smollm2.ts';

/** What the goldens hold of hooks and lens; the last position's logits have tests of their own. */
const CASES = [...hookCases(SMOLLM2), ...lensCases].filter(({ name }) =>
  [
    'blocks.*.hook_resid_pre',
    'blocks.*.hook_resid_post',
    'blocks.*.attn.hook_pattern',
    'lens: top ten of each layer, against the goldens',
    'lens: own checks',
  ].includes(name),
);

type Opened = InstanceType<Library['LensModel']>;

describe.skipIf(sharedMissing)(`SmolLM2 from its GGUF${sharedMissing ? `: ${sharedMissing}` : ''}`, () => {
  let model: Opened | undefined;
  let run: ModelRun | undefined;

  beforeAll(async () => {
    const { LensModel } = await importLibrary();
    // The plain forward holds the weights once more: for a model of this size that must be asked for.
    const options = { device: 'wasm', memory: { checkBytes: 2 ** 30 } } as const;
    const opened = await onDevice('wasm', LensModel.load(pathOf(GGUF), options));
    model = opened;
    run = new ModelRun(SMOLLM2, { load: () => Promise.resolve(opened), readBytes });
  });

  afterAll(() => run?.dispose());

  const ready = (): { model: Opened; run: ModelRun } => {
    if (!model || !run) throw new Error('not open');
    return { model, run };
  };

  it('has the cases that it names', () => expect(CASES).toHaveLength(5));

  for (const c of CASES) {
    it(c.name, async () => {
      const { passed, detail } = await resultOf(c.name, () => c.run(ready().run));
      console.log(`parity: smollm2: ${c.name}: ${detail}`);
      expect(passed, detail).toBe(true);
    });
  }

  it("the output's logits and top ten", async () => {
    const { run } = ready();
    for (const prompt of await run.prompts()) {
      const { data, shape } = golden(await run.goldens(), `${prompt}.logits`);
      const vocab = shape.at(-1) ?? NaN;
      const ours = golden(await run.cache(prompt), 'logits').data.slice(-vocab);
      expect(vectorDeviation(ours, data, vocab).worst).toBeLessThanOrEqual(TOLERANCE.vector);
      const [a, b] = [topOf(distribution(ours), 10), topOf(distribution(data), 10)];
      expect(topDeviation(a, b).worst).toBeLessThanOrEqual(TOLERANCE.logprob);
    }
  });

  it('differs no more with its quantized matrices kept on the device', async () => {
    const { LensModel } = await importLibrary();
    const options = { device: 'wasm', quantized: 'keep' } as const;
    const kept = new ModelRun(SMOLLM2, {
      load: () => onDevice('wasm', LensModel.load(pathOf(GGUF), options)),
      readBytes,
    });
    const prompt = 1;
    let [worst, compared] = [0, 0];
    try {
      const ours = await kept.cache(prompt);
      for (const [key, theirs] of await kept.goldens()) {
        const name = key.slice(`${prompt}.`.length);
        if (!key.startsWith(`${prompt}.blocks.`)) continue;
        const found = compareHook(name, golden(ours, name).data, theirs);
        worst = Math.max(worst, found.worst);
        compared++;
      }
    } finally {
      await kept.dispose();
    }
    console.log(`parity: smollm2, quantized: worst ${worst.toExponential(1)} of ${compared} tensors`);
    expect(compared).toBeGreaterThan(30);
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThanOrEqual(TOLERANCE.vector);
  });

  it('says that the Eiffel Tower is in Paris', async () => {
    const { model } = ready();
    const { ids } = model.tokenizer.encode('The Eiffel Tower is in the city of');
    const cache = await model.runWithCache([...ids], { hooks: ['logits'] });
    const logits = (await cache.get('logits')?.data())?.slice(-model.spec.dVocab) ?? new Float32Array();
    const [best = -1] = topOf(distribution(logits), 1).ids;
    expect(model.tokenizer.decode([best])).toBe(' Paris');
    expect(Math.exp(distribution(logits).logprobs[best] ?? NaN)).toBeCloseTo(0.66, 2);
  });
});
