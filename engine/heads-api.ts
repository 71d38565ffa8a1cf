/** The types of the heads' scores: what `model.heads` takes and gives. */
import type { Intervention } from '../shared/interventions.ts';
import type { Composition, HeadLabel, InductionPair, PatternScores } from '../shared/heads/reading.ts';
import type { Spread } from './api.ts';

export type { HeadWeights } from '../shared/heads/weights.ts';
export type {
  Composition,
  CompositionKind,
  HeadLabel,
  HeadName,
  InductionPair,
  PatternScore,
  PatternScores,
  ScoreTable,
} from '../shared/heads/reading.ts';

export interface HeadsOptions {
  /** Sequences of random tokens. Default 8. */
  readonly draws?: number;
  /** Of the tokens and of composition's baseline. Default 0. */
  readonly seed?: number;
  /** Tokens of a copy, at most. Default 50; fewer where the context has no room for two copies. */
  readonly length?: number;
  /** A begin-of-text token in front of each sequence. Default where the tokenizer names one. */
  readonly bos?: boolean;
  /** Composition of every pair of heads: most of the work. Default true. */
  readonly composition?: boolean;
  /** What is changed in the runs on random tokens: scores that weights alone give don't know of it. */
  readonly interventions?: readonly Intervention[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: HeadsProgress) => void) | undefined;
}

/** `patterns`: batches of draws times layers; `circuits`: layers. */
export interface HeadsProgress {
  readonly stage: 'patterns' | 'circuits';
  readonly done: number;
  readonly total: number;
}

/** Scores of every head. Axes: `layer`, `head`. */
export interface HeadsReading {
  readonly layers: number;
  readonly heads: number;
  readonly seed: number;
  /** The token in front of each sequence; undefined: none. */
  readonly bos: number | undefined;
  /** Tokens of a copy. */
  readonly length: number;
  /** The sequences' ids: bos, a copy, and the copy again. */
  readonly sequences: readonly (readonly number[])[];
  /** On those sequences, positions 0 and 1 left out; f32[layer, head], mean and spread over draws. */
  readonly patterns: PatternScores;
  /** f32[layer, head]: Σλ/Σ|λ| of the output–value circuit, −1 to 1; NaN of a head that moves no token. */
  readonly copying: Float32Array;
  /** Of every head, by layer · heads + head: the strongest first, `deleting` before all. */
  readonly labels: readonly (readonly HeadLabel[])[];
  /** In-context learning: loss (nats) of each token of the first and of the second copy, over draws. Without bos, nothing foretells the very first: NaN. */
  readonly loss: { readonly first: readonly Spread[]; readonly second: readonly Spread[] };
  /** Undefined where it wasn't asked for. */
  readonly composition: Composition | undefined;
  readonly pair: InductionPair | undefined;
  /** The pair in a sentence, or what is missing for one. */
  readonly sentence: string;
  /** What a reader should know of this family's scores. */
  readonly notes: readonly string[];
}
