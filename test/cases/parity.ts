/**
 * Parity with PyTorch: one suite of cases, run by several runners (the plain-JS reference, wasm and WebGPU in Node,
 * wasm and WebGPU in Chromium). Plain results, so that a page can run it and a test can assert on it.
 *
 * Addresses are `shared/…` (the folder beside the checkout) and `test/…` (this one's).
 */
import type { CacheOptions, HookTensor, StreamEvent, StreamOptions, WeightTensor } from '../../engine/api.ts';
import type { LateReadings, LayerReadings, SelfCheck } from '../../shared/lens/readings.ts';
import { decodeGoldens, golden, type Goldens, type GoldenTensor, promptNumbers } from './golden.ts';
import { hookCases } from './parity-hooks.ts';
import { lensCases } from './parity-lens.ts';

/** What is tested: `LensModel`, or anything that does the same. */
export interface ParitySubject {
  runWithCache(ids: readonly number[], options?: CacheOptions): Promise<ReadonlyMap<string, HookTensor>>;
  stream(ids: readonly number[], options?: StreamOptions): AsyncIterable<StreamEvent>;
  weight(name: string): Promise<WeightTensor>;
  dispose(): void | Promise<void>;
}

export interface ParityEnvironment {
  /** The model in a folder in Hugging Face layout. */
  readonly load: (folder: string) => Promise<ParitySubject>;
  readonly readBytes: (path: string) => Promise<Uint8Array<ArrayBuffer>>;
}

export interface CaseResult {
  readonly name: string;
  readonly passed: boolean;
  /** One line for the report. */
  readonly detail: string;
  /** The largest deviation; NaN when the case broke before it had one. */
  readonly worst: number;
}

/** What a case found: it passes when `worst` is a number within `bound`. */
export interface Finding {
  readonly worst: number;
  readonly bound: number;
  readonly detail: string;
}

export interface ParityCase {
  readonly name: string;
  run(run: ModelRun): Promise<Finding>;
}

/** A model with goldens. */
export interface ParityModel {
  readonly name: string;
  readonly folder: string;
  readonly goldens: readonly string[];
  readonly layerNormEps: number;
}

export const PARITY_MODELS: readonly ParityModel[] = [
  {
    name: 'gpt2',
    folder: 'shared/goldens/gpt2',
    goldens: ['shared/goldens/gpt2/golden.safetensors', 'test/goldens/gpt2-hooks.safetensors'],
    layerNormEps: 1e-5,
  },
  {
    name: 'fable-4m',
    folder: 'shared/models/fable-4m',
    goldens: ['shared/models/fable-4m/golden.safetensors', 'test/goldens/fable-4m-hooks.safetensors'],
    layerNormEps: 1e-5,
  },
];

export const PARITY_CASES: readonly ParityCase[] = [...hookCases, ...lensCases];

/** Every name that {@link runParity} gives a result for, in order. */
export function parityNames(models: readonly ParityModel[] = PARITY_MODELS): string[] {
  return models.flatMap((model) => PARITY_CASES.map((c) => `${model.name}: ${c.name}`));
}

/** Runs everything, one model after the other. Never throws for a failed case. */
export async function runParity(
  environment: ParityEnvironment,
  models: readonly ParityModel[] = PARITY_MODELS,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const model of models) {
    const run = new ModelRun(model, environment);
    for (const c of PARITY_CASES) {
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
    return { name, passed: worst <= bound, detail: text, worst };
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { name, passed: false, detail, worst: NaN };
  }
}

/** A streamed run, collected. */
export interface Streamed {
  readonly rows: ReadonlyMap<number, LayerReadings>;
  readonly late: LateReadings;
  readonly checks: readonly SelfCheck[];
}

/** One model's runs, each made when the first case asks for it. */
export class ModelRun {
  readonly model: ParityModel;
  readonly #environment: ParityEnvironment;
  readonly #kept = new Map<string, Promise<unknown>>();

  constructor(model: ParityModel, environment: ParityEnvironment) {
    this.model = model;
    this.#environment = environment;
  }

  #once<T>(key: string, make: () => Promise<T>): Promise<T> {
    const kept = this.#kept.get(key) ?? make();
    this.#kept.set(key, kept);
    return kept as Promise<T>;
  }

  subject(): Promise<ParitySubject> {
    return this.#once('subject', () => this.#environment.load(this.model.folder));
  }

  /** All golden tensors of the model, by `p.NAME`. */
  goldens(): Promise<Goldens> {
    return this.#once('goldens', async () => {
      const all = await Promise.all(this.model.goldens.map((path) => this.#read(path)));
      return new Map(all.flatMap((tensors) => [...tensors]));
    });
  }

  /** The model's own file, decoded here and not by the engine. */
  weights(): Promise<Goldens> {
    return this.#once('weights', () => this.#read(`${this.model.folder}/model.safetensors`));
  }

  async #read(path: string): Promise<Goldens> {
    return decodeGoldens(path, await this.#environment.readBytes(path));
  }

  async prompts(): Promise<number[]> {
    return promptNumbers(await this.goldens());
  }

  async ids(prompt: number): Promise<number[]> {
    return Array.from(golden(await this.goldens(), `${prompt}.ids`).data);
  }

  /** Every hook of a prompt, read from the device. */
  cache(prompt: number): Promise<Goldens> {
    return this.#once(`cache ${prompt}`, async () => {
      const subject = await this.subject();
      const tensors = new Map<string, GoldenTensor>();
      for (const [name, tensor] of await subject.runWithCache(await this.ids(prompt))) {
        tensors.set(name, { shape: tensor.shape, data: await tensor.data() });
      }
      return tensors;
    });
  }

  /** A prompt's lens, ten tokens a cell. */
  streamed(prompt: number): Promise<Streamed> {
    return this.#once(`stream ${prompt}`, async () => collect(await this.subject(), await this.ids(prompt)));
  }

  async dispose(): Promise<void> {
    const subject = this.#kept.get('subject') as Promise<ParitySubject> | undefined;
    this.#kept.clear();
    try {
      await (await subject)?.dispose();
    } catch {
      // A model that didn't load has failed its cases already.
    }
  }
}

async function collect(subject: ParitySubject, ids: readonly number[]): Promise<Streamed> {
  const rows = new Map<number, LayerReadings>();
  let late: LateReadings | undefined;
  let checks: readonly SelfCheck[] | undefined;
  for await (const event of subject.stream(ids, { lens: { k: 10 } })) {
    if (event.type === 'readings') rows.set(event.readings.layer, event.readings);
    if (event.type === 'late') late = event.late;
    if (event.type === 'checks') checks = event.checks;
  }
  if (!late || !checks) throw new Error('the stream ended without its late readings and checks');
  return { rows, late, checks };
}
