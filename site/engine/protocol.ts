/**
 * What page and engine worker say to each other. Plain data only: typed arrays are moved, not shared, and errors
 * cross as {@link ErrorMessage}. Every request carries a number; answers name it.
 */
import type {
  AverageProgress,
  ChatTemplate,
  Compute,
  DeviceChoice,
  DeviceInfo,
  FitProgress,
  ReadingAverages,
  RunTimings,
  StageTimes,
  StoredType,
  WeightsProgress,
} from '../../engine/api.ts';
import type { LayerAttention } from '../../engine/attention-api.ts';
import type { Directions, ExperimentSummary } from '../../engine/directions-api.ts';
import type { FitReport, Translators } from '../../shared/lens/translators.ts';
import type { FileEntry } from '../../engine/blob-source.ts';
import type { ErrorMessage } from '../../shared/errors.ts';
import type {
  LateReadings,
  LayerReadings,
  SelfCheck,
  TargetReadings,
  Trajectory,
} from '../../shared/lens/readings.ts';
import type { Column, RowPair } from '../../shared/compare/align.ts';
import type { ComparedCells } from '../../shared/compare/cells.ts';
import type { VocabularyMatch } from '../../shared/compare/vocabularies.ts';
import type { HeadScores } from '../../shared/lens/attention.ts';
import type { PromptRecord } from '../../shared/lens/experiment-files.ts';
import type { Sampling } from '../../shared/sampling.ts';
import type { Encoding } from '../../shared/tokenizer/encoding.ts';
import type { StudyAnswer, StudyAsk, StudyStep } from './study-protocol.ts';

/** The parts of a model's spec that the page shows or computes with. */
export interface SpecSummary {
  readonly family: string;
  readonly nLayers: number;
  readonly dModel: number;
  readonly nHeads: number;
  readonly dHead: number;
  readonly dMlp: number;
  readonly dVocab: number;
  /** Tokens that one run may hold. */
  readonly nCtx: number;
  /** Attention and MLP read the same state: there is none between them. */
  readonly parallel: boolean;
}

/** What to load. */
export interface LoadAsk {
  readonly source: string;
  readonly device: DeviceChoice;
  /** Default f32. */
  readonly compute?: Compute | undefined;
  /** Files that the reader dropped or picked, in place of what `source` would lead to. */
  readonly files?: readonly FileEntry[] | undefined;
  /** For the hub, in memory only. */
  readonly token?: string | undefined;
}

export interface ModelInfo {
  readonly id: string;
  readonly spec: SpecSummary;
  readonly device: DeviceInfo;
  /** Bytes of all weights that a run reads. */
  readonly weightBytes: number;
  /** What the weights' files hold them in, most bytes first. */
  readonly storedTypes: readonly StoredType[];
  readonly bosId: number | undefined;
  /** Whether the tokenizer's own post-processor puts `bos` in front. */
  readonly addsBos: boolean;
  /** Of models that were made for chats. */
  readonly chat: ChatTemplate | undefined;
}

/** An encoding with one display text a token. */
export interface Tokenized extends Encoding {
  readonly pieces: readonly string[];
}

/** Display texts of ids, as pairs, because a map would cross as one anyway. */
export type TokenTexts = readonly (readonly [id: number, text: string])[];

/** The library's stream without the hooks' tensors, which stay in the worker, and with the texts that it needs. */
export type RunEvent =
  | ({ readonly type: 'weights' } & WeightsProgress)
  | { readonly type: 'texts'; readonly texts: TokenTexts }
  | { readonly type: 'readings'; readonly readings: LayerReadings }
  | { readonly type: 'late'; readonly late: LateReadings }
  | { readonly type: 'checks'; readonly checks: readonly SelfCheck[] }
  /** `note`: what the reader should know of the model's files by now. */
  | {
      readonly type: 'done';
      readonly timings: RunTimings;
      readonly stages: StageTimes;
      readonly note: string | undefined;
    };

/** How one token a position fares in a row of the last run; all positions are read together. */
export interface TargetAsk {
  /** In the order of the run's rows, mid-block rows counted in where it has them. */
  readonly row: number;
  /** One a position; −1 for none. */
  readonly ids: readonly number[];
}

/** A token by its text or, as `#471`, by its id. */
export interface SearchAsk {
  readonly query: string;
  /** So many matches at most. */
  readonly limit: number;
}

export interface TokenMatches {
  /** Best first. */
  readonly matches: TokenTexts;
  /** All that match. */
  readonly total: number;
}

/** Principal components of the states of one prediction. */
export interface DirectionsAsk {
  readonly ids: readonly number[];
  readonly pos: number;
  readonly mid: boolean;
  readonly allPositions: boolean;
  readonly centred: boolean;
}

export interface DirectionsAnswer {
  readonly directions: Directions;
  /** Of every id in it. */
  readonly texts: TokenTexts;
}

/** The directions experiment over texts, tokenized as prompts are. */
export interface ExperimentAsk {
  readonly prompts: readonly string[];
  readonly bos: 'auto' | boolean;
  readonly mid: boolean;
  readonly centred: boolean;
  readonly seed: number;
}

export interface ExperimentAnswer {
  /** Over the prompts that were run; undefined where it was cancelled before the first. */
  readonly summary: ExperimentSummary | undefined;
  readonly cancelled: boolean;
}

/** Which token comes next: the output's first, one that is drawn, or one that the reader picked. */
export type Choice =
  | { readonly how: 'top' }
  | { readonly how: 'draw'; readonly sampling: Sampling; readonly seed: number }
  | { readonly how: 'given'; readonly id: number };

/** The last run, on by one token. */
export interface StepAsk {
  /** Tokens that the page shows: another number would be another run. */
  readonly length: number;
  readonly choice: Choice;
  readonly bos: 'auto' | boolean;
}

/** The last run, back to its first `length` tokens. */
export interface BackAsk {
  readonly length: number;
  readonly bos: 'auto' | boolean;
}

/** A run's tokens after it was made longer or shorter. */
export interface GrownText {
  readonly ids: readonly number[];
  readonly pieces: readonly string[];
  /** As a prompt, where the tokenizer reads it back as these very ids. */
  readonly prompt:
    | { readonly text: string; readonly tokens: readonly string[]; readonly offsets: Encoding['offsets'] }
    | undefined;
}

export interface StepAnswer extends GrownText {
  readonly id: number;
  /** The output's own log-probability and rank of the token, before temperature and cuts. */
  readonly logprob: number;
  readonly rank: number;
  /** The new column: rows in the order of the run's, of one position each. */
  readonly rows: readonly LayerReadings[];
  readonly late: LateReadings;
  readonly checks: readonly SelfCheck[];
  /** What each row of the column before said of this token. */
  readonly next: readonly TargetReadings[];
  readonly texts: TokenTexts;
  /** The token ends a text. */
  readonly end: boolean;
}

/** What the table is read with. */
export type LensKind = 'raw' | Translators['kind'];

/** A lens that is open in the engine's thread. */
export interface LensSummary {
  readonly kind: Translators['kind'];
  readonly hash: string;
  readonly report: FitReport | undefined;
}

export interface AveragesAsk {
  /** Undefined: the reference prompts. */
  readonly prompts: readonly string[] | undefined;
  readonly lens: LensKind;
  readonly positions: 'all' | 'last';
}

/** Some cells of one row of two runs, side by side. */
export interface CompareAsk {
  readonly layers: RowPair;
  readonly columns: readonly Column[];
  /** The first run's tokens. */
  readonly a: readonly number[];
  /** The second run's tokens; or, of a model in another thread, its logits of the columns that it has, in order. */
  readonly b:
    { readonly ids: readonly number[] } | { readonly logits: Float32Array; readonly stride: number };
  /** Ids that both models share. */
  readonly vocab: number;
  readonly k: number;
  /** i32[columns, perCell], −1 for none. */
  readonly targets: readonly number[];
  readonly perCell: number;
}

export interface CompareAnswer {
  readonly cells: ComparedCells;
  /** Of every id in them. */
  readonly texts: TokenTexts;
}

export interface CellLogitsAsk {
  readonly ids: readonly number[];
  readonly layer: number;
  readonly positions: readonly number[];
}

/** All heads of one layer over a prompt. */
export interface AttentionAsk {
  readonly ids: readonly number[];
  readonly layer: number;
}

/** Small maps of a layer's heads. */
export interface HeadTiles extends Pick<LayerAttention, 'layer' | 'heads' | 'window'> {
  /** Places on a side: each has the largest weight of the cells that fall on it. */
  readonly side: number;
  /** u8[head, side, side], 255 a weight of 1. */
  readonly tiles: Uint8Array;
  readonly scores: HeadScores;
}

/** What long calls tell while they go: name → one step. */
export interface Steps {
  attentionOverview: HeadTiles;
  experiment: { readonly index: number; readonly total: number; readonly record: PromptRecord };
  fitLens: FitProgress;
  averages: AverageProgress;
  study: StudyStep;
}
export type StepName = keyof Steps;

/** Calls with one answer: name → [what is asked, what comes back]. */
export interface Calls {
  load: [LoadAsk, ModelInfo];
  tokenize: [{ readonly text: string; readonly bos: 'auto' | boolean }, Tokenized];
  texts: [
    { readonly ids: readonly number[] },
    { readonly pieces: readonly string[]; readonly texts: TokenTexts },
  ];
  trajectories: [{ readonly pos: number; readonly tokenIds: readonly number[] }, readonly Trajectory[]];
  target: [TargetAsk, TargetReadings];
  step: [StepAsk, StepAnswer];
  back: [BackAsk, GrownText];
  search: [SearchAsk, TokenMatches];
  /** The tokens that are the same word: without case, and without the space in front. The id itself comes first. */
  spellings: [{ readonly id: number }, TokenTexts];
  directions: [DirectionsAsk, DirectionsAnswer];
  experiment: [ExperimentAsk, ExperimentAnswer];
  attention: [AttentionAsk, LayerAttention];
  /** A step a layer. */
  attentionOverview: [Pick<AttentionAsk, 'ids'>, Record<string, never>];
  /** Hashes the weights, which takes a while the first time. */
  identity: [Record<string, never>, ModelIdentity];
  fitLens: [undefined, LensSummary];
  openLens: [{ readonly name: string; readonly file: Blob }, LensSummary];
  /** A lens that is open, or that the device keeps. */
  restoreLens: [{ readonly kind: Translators['kind'] }, LensSummary | undefined];
  saveLens: [{ readonly kind: Translators['kind'] }, Blob];
  averages: [AveragesAsk, ReadingAverages];
  study: [StudyAsk, StudyAnswer];
  compareCells: [CompareAsk, CompareAnswer];
  /** f32[positions, vocab] */
  cellLogits: [CellLogitsAsk, Float32Array];
  /** The model's vocabulary in bytes, for another model's thread to hold against its own. */
  vocabulary: [Record<string, never>, Uint8Array];
  matchVocabulary: [Uint8Array, VocabularyMatch];
}
export type CallName = keyof Calls;

/** Which weights these are, for a citation or a trace. */
export interface ModelIdentity {
  /** The commit or tag that was loaded, where there is one. */
  readonly revision: string | undefined;
  /** SHA-256 of the weights that runs read, lower-case hex. */
  readonly weightHash: string;
}

export type ToWorker =
  | { [N in CallName]: { readonly type: N; readonly id: number; readonly ask: Calls[N][0] } }[CallName]
  | {
      readonly type: 'run';
      readonly id: number;
      readonly ids: readonly number[];
      readonly k: number;
      /** Rows after attention too. */
      readonly mid: boolean;
      readonly lens: LensKind;
    }
  | { readonly type: 'cancel'; readonly id: number };

export type FromWorker =
  | { readonly type: 'answer'; readonly id: number; readonly value: Calls[CallName][1] }
  | { readonly type: 'event'; readonly id: number; readonly event: RunEvent }
  | { readonly type: 'step'; readonly id: number; readonly step: Steps[StepName] }
  | { readonly type: 'end'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly error: ErrorMessage }
  /** Bytes of weights, whichever call brought them. */
  | { readonly type: 'weights'; readonly progress: WeightsProgress };
