/**
 * What runs on a graphics card beside the parity suite: SmolLM2 from its GGUF, expanded and quantized, products in
 * f16, and readings held against wasm. Names first, so that a test can list them without running anything.
 */
import type { LoadOptions } from '../../engine/api.ts';
import type { Model } from '../../engine/model.ts';
import { halfBound, halfDeviations } from './parity-half.ts';
import { PARITY_MODELS, type ParityModel } from './parity-models.ts';
import { resultOf } from './parity.ts';
import { type CaseResult, type Finding, ModelRun } from './parity-run.ts';
import { keptDeviation, outputDeviation, smollm2Cases } from './parity-smollm2.ts';
import { SAME_CASES, sameFinding } from './same-readings.ts';

export interface GpuEnvironment {
  readonly load: (address: string, options: LoadOptions) => Promise<Model>;
  readonly readBytes: (path: string) => Promise<Uint8Array<ArrayBuffer>>;
  readonly smollm2: ParityModel;
  /** Told of each result as it comes. */
  readonly onResult?: (result: CaseResult) => void;
}

interface GpuCase {
  readonly name: string;
  /** Why the adapter is not asked for it: products in f16 without shader-f16. */
  readonly needsHalves: boolean;
  run(environment: GpuEnvironment): Promise<Finding>;
}

export interface GpuResults {
  readonly adapter: string;
  readonly f16: boolean;
  readonly results: readonly CaseResult[];
}

const FABLE = 'shared/models/fable-4m';
const PROMPT = 'The Eiffel Tower is in the city of';
/** Two families with other graphs than the embedded model's, each with another kind of block. */
const SAME_MODELS = [FABLE, 'shared/goldens/gpt_neox', 'shared/goldens/gemma3_text'];

function onGpu({ load, readBytes }: GpuEnvironment, model: ParityModel, options: LoadOptions = {}): ModelRun {
  return new ModelRun(model, {
    load: (folder, { constants }) =>
      load(folder, { device: 'webgpu', ...(constants && { constants }), ...options }),
    readBytes,
  });
}

/** The worst of every kind of hook, in units of its tolerance. */
async function halfFinding(run: ModelRun): Promise<Finding> {
  const found = await halfDeviations(run);
  if (found.size <= 3) throw new Error(`expected more than three kinds of goldens, got ${found.size}`);
  const shares = [...found].map(([kind, value]) => value / halfBound(kind));
  const worst = shares.some(Number.isNaN) ? NaN : Math.max(...shares);
  const detail = [...found].map(([kind, value]) => `${kind} ${value.toExponential(1)}`).join(', ');
  return { worst, bound: 1, detail: `times the tolerance; ${detail}` };
}

/** The self-check of a run in f16: against f32 on the same device. */
async function precisionFinding(environment: GpuEnvironment, source: string): Promise<Finding> {
  const model = await environment.load(source, { device: 'webgpu', compute: 'f16' });
  try {
    for await (const event of model.stream(model.tokenizer.encode(PROMPT).ids)) {
      if (event.type !== 'checks') continue;
      const check = event.checks.find(({ name }) => name === 'precision');
      if (!check) throw new Error('no check of the precision');
      const others = event.checks.filter(({ status }) => status === 'fail').map(({ name }) => name);
      if (others.length > 0) throw new Error(`checks failed: ${others.join(', ')} (${check.value})`);
      return { worst: check.value, bound: check.bound, detail: 'nats, the last row against f32' };
    }
    throw new Error('no checks');
  } finally {
    await model.dispose();
  }
}

function gpuCases(smollm2: ParityModel): GpuCase[] {
  const cases: GpuCase[] = [];
  // SmolLM2 is opened once for its five cases, and disposed of by the last.
  let opened: ModelRun | undefined;
  const run = (environment: GpuEnvironment): ModelRun =>
    (opened ??= onGpu(environment, smollm2, { memory: { checkBytes: 2 ** 30 } }));
  for (const c of smollm2Cases(smollm2)) {
    cases.push({ name: `smollm2: ${c.name}`, needsHalves: false, run: (e) => c.run(run(e)) });
  }
  cases.push(
    {
      name: 'smollm2: the output’s logits and top ten',
      needsHalves: false,
      async run(environment) {
        try {
          return await outputDeviation(run(environment));
        } finally {
          await opened?.dispose();
        }
      },
    },
    {
      name: 'smollm2: quantized matrices kept',
      needsHalves: false,
      async run(environment) {
        const kept = onGpu(environment, smollm2, { quantized: 'keep' });
        try {
          return await keptDeviation(kept);
        } finally {
          await kept.dispose();
        }
      },
    },
  );
  for (const folder of SAME_MODELS) {
    for (const c of SAME_CASES) {
      cases.push({
        name: `as on wasm: ${folder.slice(folder.lastIndexOf('/') + 1)}: ${c.name}`,
        needsHalves: false,
        async run({ load }) {
          const [ours, theirs] = [
            await load(folder, { device: 'webgpu' }),
            await load(folder, { device: 'wasm' }),
          ];
          try {
            const ids = folder === FABLE ? undefined : [3, 14, 15, 9, 2, 6];
            return await sameFinding(c, ours, theirs, ids);
          } finally {
            await ours.dispose();
            await theirs.dispose();
          }
        },
      });
    }
  }
  for (const model of [...PARITY_MODELS, smollm2]) {
    cases.push({
      name: `f16: ${model.name}: hooks and lens`,
      needsHalves: true,
      run: (environment) => halfFinding(onGpu(environment, model, { compute: 'f16' })),
    });
  }
  for (const [name, source] of [
    ['fable-4m', FABLE],
    ['smollm2', smollm2.folder],
  ] as const) {
    cases.push({
      name: `f16: ${name}: the run’s own check`,
      needsHalves: true,
      run: (environment) => precisionFinding(environment, source),
    });
  }
  return cases;
}

/** Every name that {@link runGpu} may give a result for. */
export function gpuNames(smollm2: ParityModel): { readonly name: string; readonly needsHalves: boolean }[] {
  return gpuCases(smollm2).map(({ name, needsHalves }) => ({ name, needsHalves }));
}

/** Runs everything that the adapter can do. Never throws for a failed case. */
export async function runGpu(environment: GpuEnvironment): Promise<GpuResults> {
  const probe = await environment.load(FABLE, { device: 'webgpu' });
  const { detail: adapter, f16 } = probe.device;
  await probe.dispose();
  const results: CaseResult[] = [];
  for (const c of gpuCases(environment.smollm2)) {
    if (c.needsHalves && !f16) continue;
    const result = await resultOf(c.name, () => c.run(environment));
    results.push(result);
    environment.onResult?.(result);
  }
  return { adapter, f16, results };
}
