/** The library's types: what `LensModel` takes and gives. Everything here is plain data or a small interface. */
import type { ByteSource } from '../shared/formats/byte-source.ts';
import type { ConstantPrecision } from '../shared/spec/constants.ts';
import type { Translators } from '../shared/lens/translators.ts';
import type { Intervention } from '../shared/interventions.ts';
import type { PastState } from './forward.ts';
import type { MemoryLimits } from './memory.ts';
import type { StageTimes } from './stage-clock.ts';

export type { StageTimes } from './stage-clock.ts';
import type { LateReadings, LayerReadings, SelfCheck } from '../shared/lens/readings.ts';

export type DeviceName = 'webgpu' | 'wasm';

/** `auto`: WebGPU when the adapter is a real one, wasm when it is missing or software. */
export type DeviceChoice = DeviceName | 'auto';

/** A model's files by name, wherever they live: bundled, a folder, an HTTP server. */
export interface ModelFiles {
  /** The string that names the model everywhere: `fable-4m`, a folder, an address. */
  readonly id: string;
  readonly revision?: string;
  /** The `.gguf` file to open, where one was named: nothing else of the folder is read then. */
  readonly gguf?: string;
  /** What a reader should know of where the files come from: that they can't be kept here, say. May change. */
  readonly note?: string | undefined;
  /** @throws {NotFoundError} when the file isn't there. */
  open(file: string, signal?: AbortSignal): Promise<ByteSource>;
  /** File names, where they can be known: a `.gguf` is found so. */
  list?(signal?: AbortSignal): Promise<readonly string[]>;
}

/** Bytes of weights that have arrived, of all that a run reads. Told a few times a second while they come. */
export interface WeightsProgress {
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

/** What the products with the blocks' matrices are computed in; all else is f32 either way. */
export type Compute = 'f32' | 'f16';

export interface LoadOptions {
  readonly device?: DeviceChoice;
  readonly signal?: AbortSignal;
  /** For gated and private models on the hub: sent to the hub only, kept nowhere, and in no message. */
  readonly token?: string;
  /** Called as weights arrive, also after `load` has resolved: weights stream while blocks run. */
  readonly onProgress?: (progress: WeightsProgress) => void;
  /** Less memory for more steps, or the other way round. The numbers come out the same. */
  readonly memory?: Partial<MemoryLimits>;
  /**
   * Precision of constants that no file stores (rotary frequencies, Gemma's embedding scale). Default `f32`; another
   * only to hold numbers against a model that was cast as a whole, such as `model.to(bfloat16)`.
   */
  readonly constants?: ConstantPrecision;
  /**
   * Matrices that a GGUF file holds in 4 or 8 bits (Q4_0, Q4_1, Q4_K, Q8_0): `expand` them to f32, or `keep` them
   * quantized on the device, in a fifth to a quarter of the memory. The numbers differ in the last digits only.
   */
  readonly quantized?: 'expand' | 'keep';
  /**
   * Default `f32`. `f16` halves the memory of the blocks' matrices on a GPU that has shader-f16 ({@link
   * DeviceInfo.f16}), at a precision that each run then measures: the self-check `precision`.
   */
  readonly compute?: Compute;
}

/** How a model that was made for chats wants them written. */
export interface ChatTemplate {
  /** Jinja, out of the model's files: treat it as a stranger's program. */
  readonly template: string;
  /** Texts of the special tokens that templates name; empty where there is none. */
  readonly bosToken: string;
  readonly eosToken: string;
}

/** The device that a model runs on, for people to read. */
export interface DeviceInfo {
  readonly name: DeviceName;
  /** The adapter's own description, or the number of wasm threads. */
  readonly detail: string;
  /** Why this one: asked for, or what `auto` found. */
  readonly reason: string;
  /** Whether it can compute in f16. */
  readonly f16: boolean;
  readonly compute: Compute;
}

/** A hook's value: row-major, f32, with the batch axis in front. */
export interface HookTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Reads the tensor from the device, once; its device memory goes back then. */
  data(): Promise<Float32Array>;
  /** Gives the device memory of a tensor that nobody will read back at once, rather than at the next collection. */
  dispose(): void;
}

export interface StreamOptions {
  /**
   * Lens readings of every row. `false` for none. Default: `{ k: 10 }`. With `mid` also of each block's
   * `hook_resid_mid`, before the row of its layer; parallel blocks have none. With `translators` every row but the
   * last is translated before the final norm; there is no such lens of states inside a block.
   */
  readonly lens?:
    { readonly k?: number; readonly mid?: boolean; readonly translators?: Translators | undefined } | false;
  /** Globs over hook names: each block's event carries what they select. */
  readonly hooks?: readonly string[];
  /** Compare the output with a plain forward, sum the writes, sum the attention rows. Default true. */
  readonly checks?: boolean;
  /** What is changed on the way: readings and hooks show what follows. With none, a run is the plain one bit for bit. */
  readonly interventions?: readonly Intervention[];
  /**
   * Keys and values to stand on: the ids go on where those of the past end, and every reading is of the new tokens
   * alone. The past stays the caller's.
   */
  readonly past?: PastState | undefined;
  /** Keep keys and values of all tokens, the past's included: `done` hands them over. Default false. */
  readonly keepPast?: boolean;
  readonly signal?: AbortSignal;
}

/** What a run says while it goes. Errors are thrown by the iterator, as a `ResidscopeError`. */
export type StreamEvent =
  | ({ readonly type: 'weights' } & WeightsProgress)
  /**
   * Layer −1 is the embedding; layer n, only when asked for, the final norm and the logits. `hooks` holds what the
   * globs selected there.
   */
  | { readonly type: 'block'; readonly layer: number; readonly hooks: ReadonlyMap<string, HookTensor> }
  | { readonly type: 'readings'; readonly readings: LayerReadings }
  | { readonly type: 'late'; readonly late: LateReadings }
  | { readonly type: 'checks'; readonly checks: readonly SelfCheck[] }
  /** `past`, where it was to be kept, is whose loop got it: to stand on, and to dispose of. */
  | {
      readonly type: 'done';
      readonly timings: RunTimings;
      readonly stages: StageTimes;
      readonly past?: PastState;
    };

/** Weights of one type of a model's files. */
export interface StoredType {
  /** As the file's format names it: `F16`, `Q4_K`. */
  readonly type: string;
  readonly bytes: number;
}

/** Milliseconds since the run was asked for. */
export interface RunTimings {
  readonly firstReadings: number;
  readonly lastReadings: number;
  readonly done: number;
}

export interface CacheOptions {
  /** Globs; default all hooks. */
  readonly hooks?: readonly string[];
  /** What is changed on the way; later hooks show what follows from it. */
  readonly interventions?: readonly Intervention[];
  readonly signal?: AbortSignal;
}

export interface LensOptions {
  /** Default 10. */
  readonly k?: number;
  /** Per state, the tokens whose log-probability and rank are wanted: i32[rows, targets], −1 for none. */
  readonly targets?: Int32Array;
  /** A fitted or tuned lens; then `layers` says of each state which row of the lens it is of, i32[rows], −1 … n − 1. */
  readonly translators?: Translators | undefined;
  readonly layers?: Int32Array | undefined;
  readonly signal?: AbortSignal;
}

/** A prompt as text, which the tokenizer reads as it does by default, or as token ids. */
export type PromptLike = string | readonly number[];

export interface FitOptions {
  /** Positions to fit on and hold out, together: the first prompts that have so many. Default 24 times d_model, from
   * 6,000 to 20,000. */
  readonly positions?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: FitProgress) => void) | undefined;
}

/** `states`: positions run; `solve`: layers; `compare`: rows of the lens read out on held-out prompts. */
export interface FitProgress {
  readonly stage: 'states' | 'solve' | 'compare';
  readonly done: number;
  readonly total: number;
}

export interface AverageOptions {
  readonly translators?: Translators | undefined;
  /** `all` but the first of each prompt, whose state is like no other, or the `last` of each. Default `all`. */
  readonly positions?: 'all' | 'last';
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: AverageProgress) => void) | undefined;
}

/** Prompts read. */
export interface AverageProgress {
  readonly done: number;
  readonly total: number;
}

/** Over positions. */
export interface Spread {
  readonly mean: number;
  /** Standard deviation, with n − 1; NaN of a single value. */
  readonly deviation: number;
}

/** The lens over many prompts: a value a row, from the embedding (layer −1) up. */
export interface ReadingAverages {
  /** Prompts and positions that counted. */
  readonly prompts: number;
  readonly positions: number;
  readonly layers: readonly number[];
  /** Nats. */
  readonly entropy: readonly Spread[];
  /** KL(p ‖ p_l), nats. */
  readonly kl: readonly Spread[];
  /** Share of positions where the row's top token is the output's. */
  readonly agreement: readonly number[];
  /** Share of positions that have settled by this row: convergence depth ≤ its layer. */
  readonly settled: readonly number[];
  /** Convergence depth, in layers. */
  readonly convergence: Spread;
}

/** Residual states read through the final norm and the unembedding. */
export interface LensReadout {
  readonly rows: number;
  readonly k: number;
  /** i32[rows, k] and f32[rows, k] */
  readonly topIds: Int32Array;
  readonly topLogprobs: Float32Array;
  /** f32[rows], nats. */
  readonly entropy: Float32Array;
  /** f64[rows]: logsumexp of the row's logits. */
  readonly logZ: Float64Array;
  /** f32[rows, targets] and i32[rows, targets]; NaN and −1 where the target is −1. */
  readonly targetLogprobs: Float32Array;
  readonly targetRanks: Int32Array;
}

/** A weight, in f32, row-major, in the file's own layout. */
export interface WeightTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}
