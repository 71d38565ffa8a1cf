/**
 * Lenses that translate a row's states before the final norm: fitted (Din et al. 2023) and tuned (Belrose et al.
 * 2023). Both are one affine map a block, of the state that goes into the block: x + x·W + b.
 */
import type { LensKind } from '../trace/format.ts';

/** Of `blocks.i.hook_resid_pre`, the lens's row i − 1. */
export interface Translator {
  /** f32[d_model, d_model], row-vector convention: x·weight. */
  readonly weight: Float32Array;
  /** f32[d_model] */
  readonly bias: Float32Array;
}

/** How a lens does on prompts that it was not fitted on, beside the raw lens: a number a row, from the embedding up. */
export interface HeldOut {
  readonly prompts: number;
  readonly positions: number;
  /** Mean KL(p ‖ p_l), nats. */
  readonly klRaw: readonly number[];
  readonly kl: readonly number[];
  /** Share of positions where the row's top token is the output's. */
  readonly agreementRaw: readonly number[];
  readonly agreement: readonly number[];
}

/** How a fitted lens came about. */
export interface FitReport {
  /** Positions that were fitted on, and that λ was chosen on. */
  readonly positions: number;
  readonly heldPositions: number;
  /** λ by translator. */
  readonly lambdas: readonly number[];
  readonly heldOut: HeldOut;
}

export interface Translators {
  readonly kind: Exclude<LensKind, 'raw'>;
  /** SHA-256 of the translators, see `shared/lens/FORMAT.md`, lower-case hex. */
  readonly hash: string;
  readonly dModel: number;
  /** One a block, in order. The last row of the lens is the output itself and has none. */
  readonly layers: readonly Translator[];
  /** Of the model that it was fitted on, where the file says so. */
  readonly weightHash?: string;
  readonly report?: FitReport;
}

/** The translator of a lens row; layer −1 is the embedding row, and the last row has none. */
export function translatorOf(lens: Translators | undefined, layer: number): Translator | undefined {
  return lens?.layers[layer + 1];
}
