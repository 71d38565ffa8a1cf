/**
 * Ablation: `shared/ablation.ts` turns a choice of heads, layers and neurons into the interventions that `stream`
 * takes; a mean over reference prompts is computed here, once.
 */
import type { MeanActivations } from '../shared/ablation.ts';
import type { PromptLike } from './api.ts';

export type { Ablation, AblationUnit, MeanActivations } from '../shared/ablation.ts';

export interface MeanOptions {
  readonly signal?: AbortSignal | undefined;
  /** Prompts run. */
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}

export interface MeanReadings {
  /** Kept with the model: the same prompts are run once. */
  meanActivations(prompts: readonly PromptLike[], options?: MeanOptions): Promise<MeanActivations>;
}
