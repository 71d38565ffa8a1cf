/**
 * Parity with PyTorch: one suite of cases, run by several runners (the plain-JS reference, wasm and WebGPU in Node,
 * wasm and WebGPU in Chromium). Plain results, so that a page can run it and a test can assert on it.
 *
 * Addresses are `shared/…` (the folder beside the checkout) and `test/…` (this one's).
 */
import { batchCases } from './parity-batch.ts';
import { hookCases } from './parity-hooks.ts';
import { lensCases } from './parity-lens.ts';
import { compareCases } from './parity-compare.ts';
import { midCases } from './parity-mid.ts';
import { PARITY_MODELS, type ParityModel } from './parity-models.ts';
import {
  type CaseResult,
  type Finding,
  ModelRun,
  type ParityCase,
  type ParityEnvironment,
} from './parity-run.ts';

export { PARITY_MODELS, WEBGPU_MODELS, WEBGPU_NODE_MODELS, type ParityModel } from './parity-models.ts';
export type { CaseResult, Finding } from './parity-run.ts';

/** The cases that a model is put to: those of hooks that it has, and batches where it stands for a kind of them. */
export function casesOf(model: ParityModel): readonly ParityCase[] {
  return [
    ...hookCases(model),
    ...lensCases,
    ...midCases(model),
    ...compareCases,
    ...(model.batches ? batchCases : []),
  ];
}

/** Every name that {@link runParity} gives a result for, in order. */
export function parityNames(models: readonly ParityModel[] = PARITY_MODELS): string[] {
  return models.flatMap((model) => casesOf(model).map((c) => `${model.name}: ${c.name}`));
}

/** Runs everything, one model after the other. Never throws for a failed case. */
export async function runParity(
  environment: ParityEnvironment,
  models: readonly ParityModel[] = PARITY_MODELS,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const model of models) {
    const run = new ModelRun(model, environment);
    for (const c of casesOf(model)) {
      results.push(await resultOf(`${model.name}: ${c.name}`, () => c.run(run)));
    }
    await run.dispose();
  }
  return results;
}

/** Runs one case. */
export async function resultOf(name: string, find: () => Promise<Finding>): Promise<CaseResult> {
  try {
    const { worst, bound, detail } = await find();
    const text = `worst ${worst.toExponential(1)}, bound ${bound.toExponential(0)}; ${detail}`;
    return { name, passed: worst <= bound, detail: text, worst, bound };
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { name, passed: false, detail, worst: NaN, bound: NaN };
  }
}
