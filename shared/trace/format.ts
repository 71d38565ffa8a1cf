/**
 * Trace format 1 as types: a finished lens, whole in one JSON file. FORMAT.md beside this file is the
 * specification; `decode.ts` reads what anyone may have written, `encode.ts` writes.
 * Axes: `row` (a lens row), `pos` (a token of the prompt), `k` (best first). Natural logarithms, nats.
 */

export const TRACE_FORMAT = 'residscope.trace';
export const TRACE_VERSION = 1;
export const TRACE_MEDIA_TYPE = 'application/vnd.residscope.trace+json';

/** Bounds of every trace; the size of one that is stored or sent is `LIMITS.traceBytes`. */
export const TRACE_LIMITS = {
  /** Nested objects and arrays. */
  depth: 32,
  tokens: 65_536,
  layers: 4_096,
  vocab: 16_777_216,
  k: 1_000,
  targets: 64,
  heads: 4_096,
  components: 256,
  checks: 64,
  interventions: 4_096,
  /** UTF-16 code units of one token's text. */
  text: 4_096,
  /** UTF-16 code units of a name, a note, a hash. */
  name: 1_024,
} as const;

/** A table of numbers: row-major, little-endian, base64 (RFC 4648 section 4, padded). */
export interface Table<D extends Dtype = Dtype> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: string;
}
export type Dtype = 'f32' | 'i32' | 'u8';

export interface TraceModel {
  /** The string that names the model everywhere: `fable-4m`, `owner/name`, an address. */
  readonly id: string;
  readonly revision?: string;
  /** SHA-256 of the weights, lower-case hex. */
  readonly weightHash?: string;
  /** Blocks of the model. */
  readonly layers: number;
  /** Rows of the unembedding. */
  readonly vocab: number;
}

/** One row of the lens: layer −1 is the embedding; `mid` marks `hook_resid_mid` of its layer. */
export interface TraceRow {
  readonly layer: number;
  readonly mid?: boolean;
}

export const LENS_KINDS = ['raw', 'fitted', 'tuned'] as const;
export type LensKind = (typeof LENS_KINDS)[number];

/** How chosen tokens fare, one a position, under every row. */
export interface TraceTarget {
  /** `final` (the model's own top token), `input`, `next`, or any other name for tokens that someone chose. */
  readonly name: string;
  /** i32[pos]; −1 where the position has none. */
  readonly ids: Table<'i32'>;
  /** f32[row, pos]; NaN where ids is −1. */
  readonly logprobs: Table<'f32'>;
  /** i32[row, pos], 0 = top; −1 where ids is −1. */
  readonly ranks: Table<'i32'>;
}

export interface TraceLens {
  readonly kind: LensKind;
  /** SHA-256 of the translators, lower-case hex; with `fitted` and `tuned`. */
  readonly hash?: string;
  readonly rows: readonly TraceRow[];
  readonly k: number;
  /** i32[row, pos, k]; −1 after the last of a cell that has fewer. */
  readonly topIds: Table<'i32'>;
  /** f32[row, pos, k]; NaN where topIds is −1. */
  readonly topLogprobs: Table<'f32'>;
  /** f32[row, pos], nats. */
  readonly entropy?: Table<'f32'>;
  /** f32[row, pos], KL(output ‖ row), nats. */
  readonly kl?: Table<'f32'>;
  readonly targets: readonly TraceTarget[];
}

/** Attention of one layer; a weight is `patterns · scale`. */
export interface TraceAttention {
  readonly layer: number;
  readonly heads: readonly number[];
  readonly scale: number;
  /** u8[head, dest, src] */
  readonly patterns: Table<'u8'>;
}

/** Principal components of the states of one prediction. */
export interface TracePca {
  /** The positions whose states went in. */
  readonly positions: readonly number[];
  readonly mid: boolean;
  readonly centred: boolean;
  /** f32[component]: shares of the variance. */
  readonly ratios: Table<'f32'>;
  /** f32[state, component]; the states are those of the rows, position after position. */
  readonly path: Table<'f32'>;
  /** i32[component, n] and f32[component, n]: what each direction reads out as. */
  readonly topIds: Table<'i32'>;
  readonly topLogprobs: Table<'f32'>;
}

export interface TraceCheck {
  readonly name: string;
  readonly status: 'pass' | 'fail' | 'skipped';
  /** null when skipped. */
  readonly value: number | null;
  readonly bound: number | null;
  readonly note: string;
}

/** The device a trace was made on; never part of its id. */
export interface TraceDevice {
  readonly name: string;
  readonly detail: string;
  readonly reason: string;
}

/** The file. */
export interface Trace {
  readonly format: typeof TRACE_FORMAT;
  readonly version: typeof TRACE_VERSION;
  readonly model: TraceModel;
  readonly prompt: {
    readonly ids: readonly number[];
    /** Display texts, one a token: bytes of a character split over tokens stand with the first of them. */
    readonly pieces: readonly string[];
    /** Whether `bos` was put in front of the text. */
    readonly bos: boolean;
    /** `local`: ids only number the texts of this trace (it was made from a file without ids). */
    readonly idSpace?: 'model' | 'local';
  };
  /** Every id that occurs anywhere in the trace, ascending, and its text. */
  readonly tokens: { readonly ids: readonly number[]; readonly texts: readonly string[] };
  readonly lens: TraceLens;
  readonly attention?: readonly TraceAttention[];
  readonly pca?: TracePca;
  /** What was changed in the run; each has a `kind`. */
  readonly interventions: readonly { readonly kind: string }[];
  readonly engine: { readonly name: string; readonly version: string };
  readonly checks: readonly TraceCheck[];
  readonly device?: TraceDevice;
  /** Milliseconds since the run was asked for. */
  readonly timings?: Readonly<Record<string, number>>;
}
