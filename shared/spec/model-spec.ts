/**
 * What a graph needs to know of a model, and nothing else. Families differ in the spec and in the weight names;
 * the block builder reads the spec. A union here lists what the builder does: a config that asks for more is
 * refused where the spec is made.
 */
import type { BlockHook, OuterHook } from '../hooks.ts';

export const ACTIVATIONS = ['gelu', 'gelu_tanh', 'relu', 'silu'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

/** A stored matrix. `in-out`: x·W as stored (GPT-2's Conv1D); `out-in`: x·Wᵀ (torch's Linear). */
export interface MatrixRef {
  readonly weight: string;
  readonly bias?: string;
  readonly layout: 'in-out' | 'out-in';
}

export interface NormRef {
  readonly weight: string;
  /** LayerNorm only. */
  readonly bias?: string;
}

/** Queries, keys and values: three matrices, or one. */
export type QkvRef =
  | { readonly kind: 'split'; readonly q: MatrixRef; readonly k: MatrixRef; readonly v: MatrixRef }
  /** `parts`: all q, then all k, then all v; `heads`: head by head, each with its q, k and v. */
  | { readonly kind: 'fused'; readonly order: 'parts' | 'heads'; readonly matrix: MatrixRef };

/** What the files hold, by name: a spec reads from it what a config leaves open. */
export type StoredShapes = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/** The weights of one block, by what they do. */
export interface BlockWeights {
  readonly norm1: NormRef;
  readonly qkv: QkvRef;
  /** Norms over each head's queries and keys, before rotary. */
  readonly qNorm?: NormRef;
  readonly kNorm?: NormRef;
  readonly out: MatrixRef;
  /** A norm on what attention writes (Gemma). */
  readonly postAttnNorm?: NormRef;
  readonly norm2: NormRef;
  /** The gate of a gated MLP: its activation multiplies what `mlpIn` gives. */
  readonly mlpGate?: MatrixRef;
  readonly mlpIn: MatrixRef;
  readonly mlpOut: MatrixRef;
  /** A norm on what the MLP writes (Gemma). */
  readonly postMlpNorm?: NormRef;
}

/**
 * Rotary positions: pairs (i, i + dims/2) of the first `dims` of each head turn by position · frequencies[i].
 *
 * @see Su et al. 2021, RoFormer; halves rather than neighbours, as Hugging Face stores the weights.
 */
export interface Rotary {
  readonly dims: number;
  /** Radians a position, dims / 2 of them. */
  readonly frequencies: readonly number[];
}

/** What differs from layer to layer. */
export interface LayerSpec {
  /** Scores are q·k times this. */
  readonly attnScale: number;
  /** Tokens that a query sees, itself included; undefined: all before it. */
  readonly window?: number;
  /** Which of the spec's rotaries; undefined: none. */
  readonly rotary?: number;
}

export interface ModelSpec {
  /** `model_type` of the config. */
  readonly family: string;
  readonly nLayers: number;
  readonly dModel: number;
  readonly nHeads: number;
  /** Heads of keys and values; each serves nHeads / nKvHeads queries. */
  readonly nKvHeads: number;
  readonly dHead: number;
  readonly dMlp: number;
  readonly dVocab: number;
  /** Tokens that one run may hold. */
  readonly nCtx: number;
  /** The gain is the stored weight plus `offset` (1 in Gemma's files, else 0). */
  readonly norm: { readonly kind: 'layer' | 'rms'; readonly eps: number; readonly offset: number };
  readonly activation: Activation;
  /** Attention and MLP read the same stream, and both write to it (NeoX). */
  readonly parallel: boolean;
  /** The token embedding is multiplied by this. */
  readonly embedScale: number;
  readonly layers: readonly LayerSpec[];
  readonly rotaries: readonly Rotary[];
  readonly weights: {
    /** [vocab, d_model] */
    readonly embed: string;
    /** [n_ctx, d_model], for learned positions. */
    readonly posEmbed?: string;
    readonly blocks: readonly BlockWeights[];
    readonly finalNorm: NormRef;
    /** [vocab, d_model]; the embedding's own name where they are tied. */
    readonly unembed: string;
  };
  /** Every tensor that a run reads, with the shape that the config implies. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly blockHooks: readonly BlockHook[];
  readonly outerHooks: readonly OuterHook[];
}

/** Names of the tensors of one block. */
export function blockTensorNames(block: BlockWeights): string[] {
  const { qkv } = block;
  const attention = qkv.kind === 'fused' ? [qkv.matrix] : [qkv.q, qkv.k, qkv.v];
  const all = [
    block.norm1,
    ...attention,
    block.qNorm,
    block.kNorm,
    block.out,
    block.postAttnNorm,
    block.norm2,
    block.mlpGate,
    block.mlpIn,
    block.mlpOut,
    block.postMlpNorm,
  ];
  return all.flatMap((ref) => tensorNames(ref));
}

/** Names of the tensors behind one reference. */
export function tensorNames(ref: NormRef | MatrixRef | undefined): string[] {
  if (!ref) return [];
  return ref.bias === undefined ? [ref.weight] : [ref.weight, ref.bias];
}
