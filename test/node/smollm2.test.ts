/**
 * A real model from its GGUF: SmolLM2-135M-Instruct (Q4_1, Q8_0 and F32 tensors) on wasm, against PyTorch's
 * activations of the same dequantized weights, to the stated tolerance.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { distribution, topOf } from '../cases/lens-reference.ts';
import { keptDeviation, outputDeviation, smollm2Cases } from '../cases/parity-smollm2.ts';
import { resultOf } from '../cases/parity.ts';
import { ModelRun, onDevice } from '../cases/parity-run.ts';
import { pathOf, readBytes, sharedMissing } from '../support/addresses.ts';
import { importLibrary, type Library } from '../support/library.ts';
import { GGUF, SMOLLM2 } from '../support/smollm2.ts';

const CASES = smollm2Cases(SMOLLM2);

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

  for (const c of CASES) {
    it(c.name, async () => {
      const { passed, detail } = await resultOf(c.name, () => c.run(ready().run));
      console.log(`parity: smollm2: ${c.name}: ${detail}`);
      expect(passed, detail).toBe(true);
    });
  }

  it("the output's logits and top ten", async () => {
    const { worst, bound, detail } = await outputDeviation(ready().run);
    expect(worst, detail).toBeLessThanOrEqual(bound);
  });

  it('differs no more with its quantized matrices kept on the device', async () => {
    const { LensModel } = await importLibrary();
    const options = { device: 'wasm', quantized: 'keep' } as const;
    const kept = new ModelRun(SMOLLM2, {
      load: () => onDevice('wasm', LensModel.load(pathOf(GGUF), options)),
      readBytes,
    });
    try {
      const { worst, bound, detail } = await keptDeviation(kept);
      console.log(`parity: smollm2, quantized: worst ${worst.toExponential(1)} of ${detail}`);
      expect(worst).toBeGreaterThan(0);
      expect(worst, detail).toBeLessThanOrEqual(bound);
    } finally {
      await kept.dispose();
    }
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
