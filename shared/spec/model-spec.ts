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
  readonly bias: string;
}

/** What the files hold, by name: a spec reads from it what a config leaves open. */
export type StoredShapes = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/** The weights of one block, by what they do. */
export interface BlockWeights {
  readonly norm1: NormRef;
  /** q, k and v in one matrix, [q heads | k heads | v heads] along the outputs. */
  readonly qkv: MatrixRef;
  readonly out: MatrixRef;
  readonly norm2: NormRef;
  readonly mlpIn: MatrixRef;
  readonly mlpOut: MatrixRef;
}

export interface ModelSpec {
  /** `model_type` of the config. */
  readonly family: string;
  readonly nLayers: number;
  readonly dModel: number;
  readonly nHeads: number;
  readonly dHead: number;
  readonly dMlp: number;
  readonly dVocab: number;
  /** Tokens that one run may hold. */
  readonly nCtx: number;
  readonly norm: { readonly kind: 'layer'; readonly eps: number };
  readonly activation: Activation;
  readonly positions: { readonly kind: 'learned' };
  /** Scores are q·k times this, by layer. */
  readonly attnScale: readonly number[];
  readonly weights: {
    /** [vocab, d_model] */
    readonly embed: string;
    /** [n_ctx, d_model] */
    readonly posEmbed: string;
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
  const matrices = [block.qkv, block.out, block.mlpIn, block.mlpOut];
  return [
    block.norm1.weight,
    block.norm1.bias,
    block.norm2.weight,
    block.norm2.bias,
    ...matrices.flatMap((m) => (m.bias === undefined ? [m.weight] : [m.weight, m.bias])),
  ];
}
