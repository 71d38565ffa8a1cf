/** The types of the directions readings: what `model.directions` and the experiment take and give. */
import type { ExperimentSummary, PromptDirections } from '../shared/lens/experiment.ts';
import type { StateRow } from './residual-states.ts';

export type {
  Estimate,
  ExperimentSummary,
  HistogramBin,
  PromptDirections,
} from '../shared/lens/experiment.ts';

export interface DirectionsOptions {
  /** Whose prediction; negative counts from the end. Default −1, the last. */
  readonly pos?: number;
  /** Mid-block states too, where the blocks have them. Default false. */
  readonly mid?: boolean;
  /** States of all positions, not of `pos` alone; no match is defined then. Default false. */
  readonly allPositions?: boolean;
  /** Take the states' mean off first. Default true. */
  readonly centred?: boolean;
  /** Components wanted. Default 6; fewer come where the states span fewer dimensions. */
  readonly components?: number;
  /** Tokens that each component reads out as, 1 to 100. Default 10. */
  readonly k?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Whose state a point of the path is. */
export interface StateLabel extends StateRow {
  readonly pos: number;
}

/** Lengths and angles of the states at one position. Rows: the embedding, then every block's output. */
export interface Geometry {
  /** f64[rows, rows], −1 to 1. */
  readonly cosines: Float64Array;
  /** f64[rows]: length of the stream. */
  readonly stream: Float64Array;
  /** f64[layers]: length of what attention, and of what the MLP, adds to it. */
  readonly attn: Float64Array;
  readonly mlp: Float64Array;
}

/** Principal components of the states of a prediction. Axes: `state`, `component`. */
export interface Directions {
  readonly pos: number;
  /** The positions whose states went in. */
  readonly positions: readonly number[];
  /** Whether mid-block states went in: parallel blocks have none. */
  readonly mid: boolean;
  readonly centred: boolean;
  /** Position after position, from the embedding up. */
  readonly states: readonly StateLabel[];
  /** f64[min(states, d_model)]: shares of the variance, largest first. */
  readonly ratios: Float64Array;
  /** Components that follow. */
  readonly count: number;
  /** f32[component, d_model], unit vectors; each points to the last state. */
  readonly components: Float32Array;
  /** f64[state, component]: the states along the components. */
  readonly path: Float64Array;
  readonly k: number;
  /** i32[component, k] and f32[component, k]: what each reads out as, best first. */
  readonly topIds: Int32Array;
  readonly topLogprobs: Float32Array;
  /** The model's own top token at `pos`. */
  readonly prediction: { readonly id: number; readonly logprob: number };
  /** Whether the first component reads out as the prediction; undefined with all positions. */
  readonly match: boolean | undefined;
  readonly geometry: Geometry;
}

export interface ExperimentOptions extends Pick<DirectionsOptions, 'mid' | 'centred' | 'signal'> {
  /** Of the bootstrap. Default 0. */
  readonly seed?: number;
}

/** What the experiment says while it goes. */
export type ExperimentEvent =
  | {
      readonly type: 'prompt';
      /** Of the prompts given. */
      readonly index: number;
      readonly total: number;
      readonly reading: PromptDirections;
    }
  | { readonly type: 'summary'; readonly summary: ExperimentSummary };
