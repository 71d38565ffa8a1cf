/** One model under the parity cases: what it is asked, each thing once, and what the cases say of it. */
import type {
  CacheOptions,
  DeviceInfo,
  DeviceName,
  HookTensor,
  LensOptions,
  LensReadout,
  LoadOptions,
  StreamEvent,
  StreamOptions,
  WeightTensor,
} from '../../engine/api.ts';
import type { ComparedRow, CompareOptions } from '../../engine/compare.ts';
import type { LateReadings, LayerReadings, SelfCheck } from '../../shared/lens/readings.ts';
import { decodeGoldens, golden, type Goldens, type GoldenTensor, promptNumbers } from './golden.ts';
import type { LensWeights } from './lens-reference.ts';
import type { ParityModel } from './parity-models.ts';

/** What is tested: `LensModel`, or anything that does the same. */
export interface ParitySubject {
  runWithCache(
    ids: readonly number[] | readonly (readonly number[])[],
    options?: CacheOptions,
  ): Promise<ReadonlyMap<string, HookTensor>>;
  runWithPast(
    ids: readonly number[] | readonly (readonly number[])[],
    options?: { readonly hooks?: readonly string[]; readonly past?: unknown },
  ): Promise<{ readonly cache: ReadonlyMap<string, HookTensor>; readonly past: { dispose(): void } }>;
  lens(states: Float32Array, options?: LensOptions): Promise<LensReadout>;
  stream(ids: readonly number[], options?: StreamOptions): AsyncIterable<StreamEvent>;
  compare(
    a: readonly number[],
    b: readonly number[],
    options?: Pick<CompareOptions, 'columns' | 'k' | 'targets'>,
  ): AsyncIterable<ComparedRow>;
  weight(name: string): Promise<WeightTensor>;
  dispose(): void | Promise<void>;
}

/** How a model is opened, beside its device. */
export type SubjectOptions = Pick<LoadOptions, 'constants'>;

export interface ParityEnvironment {
  /** The model in a folder in Hugging Face layout. */
  readonly load: (folder: string, options: SubjectOptions) => Promise<ParitySubject>;
  readonly readBytes: (path: string) => Promise<Uint8Array<ArrayBuffer>>;
}

export interface CaseResult {
  readonly name: string;
  readonly passed: boolean;
  /** One line for the report. */
  readonly detail: string;
  /** The largest deviation; NaN when the case broke before it had one. */
  readonly worst: number;
  readonly bound: number;
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

/** A model that must run where it was asked to: a quiet fallback would test another device twice. */
export async function onDevice<T extends { readonly device: DeviceInfo }>(
  name: DeviceName,
  loading: Promise<T>,
): Promise<T> {
  const model = await loading;
  if (model.device.name !== name) throw new Error(`asked for ${name}, got ${model.device.name}`);
  return model;
}

/** Reads tensors from the device, in order. */
export async function readAll(tensors: ReadonlyMap<string, HookTensor>): Promise<Goldens> {
  const read = new Map<string, GoldenTensor>();
  for (const [name, tensor] of tensors) read.set(name, { shape: tensor.shape, data: await tensor.data() });
  return read;
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
    return this.#once('subject', () =>
      this.#environment.load(this.model.folder, { constants: this.model.constants }),
    );
  }

  /** All golden tensors of the model, by `p.NAME`. */
  goldens(): Promise<Goldens> {
    return this.#once('goldens', async () => {
      const all = await Promise.all(this.model.goldens.map((path) => this.#read(path)));
      return new Map(all.flatMap((tensors) => [...tensors]));
    });
  }

  /** The model's own files, decoded here and not by the engine's loader. */
  weights(): Promise<Goldens> {
    const { folder, files } = this.model;
    return this.#once('weights', async () => {
      const all = await Promise.all(files.map((file) => this.#read(`${folder}/${file}`)));
      return new Map(all.flatMap((tensors) => [...tensors]));
    });
  }

  async #read(path: string): Promise<Goldens> {
    return decodeGoldens(path, await this.#environment.readBytes(path));
  }

  /** The final norm and the unembedding. */
  async lensWeights(): Promise<LensWeights> {
    const weights = await this.weights();
    const { norm, eps, offset, finalNorm, unembed } = this.model.readout;
    return {
      norm,
      eps,
      gain: golden(weights, `${finalNorm}.weight`).data.map((x) => x + offset),
      bias: weights.get(`${finalNorm}.bias`)?.data,
      unembed: golden(weights, unembed).data,
    };
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
      return readAll(await subject.runWithCache(await this.ids(prompt)));
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
