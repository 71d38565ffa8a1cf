/**
 * Products in f16, on the wasm backend: every hook and the lens against the f32 goldens within f16's own tolerance, on
 * the golden folders, the embedded model and SmolLM2; and what a run's check says of it.
 */
import { describe, expect, it } from 'vitest';
import type { Model } from '../../engine/model.ts';
import { PRECISION_BOUND } from '../../engine/precision.ts';
import type { Intervention } from '../../shared/interventions.ts';
import type { SelfCheck } from '../../shared/lens/readings.ts';
import { F16_TOLERANCE } from '../cases/compare.ts';
import { halfBound, halfDeviations, LENS } from '../cases/parity-half.ts';
import { PARITY_MODELS, type ParityModel } from '../cases/parity-models.ts';
import { ModelRun, type SubjectOptions } from '../cases/parity-run.ts';
import { pathOf, readBytes, sharedMissing } from '../support/addresses.ts';
import { loadInHalves } from '../support/halves.ts';
import { SMOLLM2 } from '../support/smollm2.ts';

const PROMPT = 'The Eiffel Tower is in the city of';

/** The largest deviation of each kind of hook and of the lens, over a model's goldens, on wasm. */
function deviations(model: ParityModel): Promise<Map<string, number>> {
  const load = (folder: string, { constants }: SubjectOptions) =>
    loadInHalves(pathOf(folder), constants ? { constants } : {});
  return halfDeviations(new ModelRun(model, { load, readBytes }));
}

async function checksOf(model: Model, interventions: readonly Intervention[] = []): Promise<SelfCheck[]> {
  const { ids } = model.tokenizer.encode(PROMPT);
  const checks: SelfCheck[] = [];
  for await (const event of model.stream(ids, { interventions })) {
    if (event.type === 'checks') checks.push(...event.checks);
  }
  return checks;
}

describe.skipIf(sharedMissing)(`f16 products${sharedMissing ? `: ${sharedMissing}` : ''}`, () => {
  const worst = new Map<string, readonly [value: number, model: string]>();

  it.each([...PARITY_MODELS, SMOLLM2])('$name: hooks and lens', async (model) => {
    const found = await deviations(model);
    expect(found.size).toBeGreaterThan(3);
    for (const [kind, value] of found) {
      if (!(value <= (worst.get(kind)?.[0] ?? -1))) worst.set(kind, [value, model.name]);
    }
    for (const [kind, value] of found) expect(value, kind).toBeLessThanOrEqual(halfBound(kind));
  });

  it('are rounded, and the embedding is not', () => {
    for (const [kind, [value, model]] of worst)
      console.log(`f16: ${kind}: ${value.toExponential(1)} (${model})`);
    expect(worst.get('hook_embed')?.[0]).toBe(0);
    for (const kind of [
      'blocks.*.attn.hook_q',
      'blocks.*.attn.hook_result',
      'blocks.*.mlp.hook_post',
      LENS,
    ]) {
      expect(worst.get(kind)?.[0], kind).toBeGreaterThan(1e-4);
    }
  });
});

describe('a run in f16', () => {
  it('is held against f32, changed on the way or not', async () => {
    const model = await loadInHalves('fable-4m');
    expect(model.device.compute).toBe('f16');
    const off = { hook: 'blocks.2.attn.hook_z', factor: 0 };
    for (const interventions of [[], [off]]) {
      const [precision, ...others] = await checksOf(model, interventions);
      expect(precision).toMatchObject({ name: 'precision', status: 'pass', bound: PRECISION_BOUND });
      expect(precision?.value).toBeGreaterThan(1e-4);
      expect(precision?.value).toBeLessThan(F16_TOLERANCE.logprob);
      expect(others.map(({ name, status }) => [name, status])).toEqual([
        ['writes', 'pass'],
        ['attention', 'pass'],
      ]);
    }
    await model.dispose();
  });

  it('of a large model is measured on the first prompt', async () => {
    const model = await loadInHalves('fable-4m', { memory: { checkBytes: 0 } });
    const [first] = await checksOf(model);
    const [second] = await checksOf(model, [{ hook: 'blocks.0.hook_mlp_out', factor: 3 }]);
    expect(first).toMatchObject({ status: 'pass' });
    expect(second?.value).toBe(first?.value);
    expect(second?.note).toMatch(/first prompt/);
    await model.dispose();
  });
});
