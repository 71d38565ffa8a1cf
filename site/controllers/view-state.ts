/** Everything that the page shows, as one immutable value. Controllers replace it; elements only read it. */
import type { Compute, DeviceChoice, RunTimings, StageTimes } from '../../engine/api.ts';
import type { FileEntry } from '../../engine/blob-source.ts';
import type {
  LateReadings,
  LayerReadings,
  SelfCheck,
  TargetReadings,
  Trajectory,
} from '../../shared/lens/readings.ts';
import type { ColorScheme } from '../../shared/picture/ramp.ts';
import type { TraceData } from '../../shared/trace/data.ts';
import type { LensSummary, ModelInfo, Tokenized } from '../engine/protocol.ts';
import type { Arrival } from './pace.ts';
import type { Problem } from '../words/problems.ts';
import type { HeadLabel } from './head-labels.ts';
import { DEFAULT_VIEW, type ViewId } from './views.ts';

export const DEFAULT_MODEL = 'fable-4m';

/** Begins the name of a model whose files the reader dropped or picked: no address can bring those back. */
export const LOCAL = 'file:';

/** What `data-state` on the root element says. */
export type Phase = 'loading' | 'running' | 'done' | 'error';

export const COLOURS = ['probability', 'entropy', 'kl', 'rank', 'agreement'] as const;
export type ColourBy = (typeof COLOURS)[number];

/** Whose probability and rank colour the table: each cell's own top token, one of the run's, or a token's id. */
export const TARGETS = ['top', 'output', 'next', 'input'] as const;
export type Target = (typeof TARGETS)[number] | number;

export const ORDERS = ['last-on-top', 'first-on-top'] as const;
export type RowOrder = (typeof ORDERS)[number];

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** What a view is set to, beside what all views share: kept in the address as text, read by the view alone. */
export const OPTIONS = [
  'score',
  'compose',
  'off',
  'of',
  // Neurons: the one that is looked at, writes of all layers, texts that turn it off.
  'neuron',
  'writes',
  'triggers',
  // Attention: all layers' heads, value-weighted, scored by, heads combined. Directions: not centred, which states.
  'heads',
  'weights',
  'by',
  'combine',
  'centred',
  'states',
  'compare',
  'compare-model',
  'compare-by',
  'compare-of',
  'compare-layers',
  'compare-at',
] as const;
export type Options = Readonly<Partial<Record<(typeof OPTIONS)[number], string>>>;

export interface Cell {
  /** −1 is the embedding row. */
  readonly layer: number;
  readonly pos: number;
  /** In the row after attention, before the layer's own. */
  readonly mid?: true;
}

/** The run that the table shows. Rows come one by one, from the embedding up. */
export interface RunView {
  readonly ids: readonly number[];
  /** One display text a position. */
  readonly pieces: readonly string[];
  readonly model: ModelInfo;
  readonly rows: readonly LayerReadings[];
  readonly late: LateReadings | undefined;
  /** Rows after attention, by layer, where they were asked for. */
  readonly mid: MidRows | undefined;
  readonly checks: readonly SelfCheck[] | undefined;
  readonly timings: RunTimings | undefined;
  /** Missing in a trace, and after tokens were added. */
  readonly stages?: StageTimes | undefined;
  /** Display texts of every id in the rows; grows while the run goes and is never rewritten. */
  readonly texts: ReadonlyMap<number, string>;
  /** What it was read with; undefined: the raw lens. */
  readonly lens?: LensSummary | undefined;
  /** The run was read from a trace: no model is behind it, and the engine holds none of its states. */
  readonly trace?: OpenedTrace | undefined;
}

/** A trace that the table shows. */
export interface OpenedTrace {
  /** An id, an address, or `file:NAME`. */
  readonly name: string;
  readonly data: TraceData;
  /** What it does not hold of what the table shows, in words. */
  readonly missing: readonly string[];
  /** A token's way through the rows; NaN and −1 where the trace does not have it. */
  readonly path: (pos: number, id: number) => Trajectory;
}

/** How far the table's run has gone on from its prompt. */
export interface Growth {
  /** Tokens that were added. */
  readonly count: number;
  /** What happened last, for all readers. */
  readonly said: string;
  readonly problem: string | undefined;
  readonly busy: { readonly done: number; readonly total: number } | undefined;
}

export interface MidRows {
  readonly rows: readonly LayerReadings[];
  /** By layer. */
  readonly late: Pick<LateReadings, 'kl' | 'final'> | undefined;
}

/** How the reader's own target fares, in the order of the run's rows; grows row by row. */
export interface ChosenTarget {
  readonly id: number;
  readonly rows: readonly TargetReadings[];
}

/** A prompt on a model: what a run is asked for. One of `prompt` and `ids` is there. */
export interface Request {
  readonly model: string;
  readonly device: DeviceChoice;
  readonly bos: 'auto' | boolean;
  /** The prompt goes into the model's chat template, as a message of the user. */
  readonly chat: boolean;
  /** Rows after attention too. */
  readonly mid: boolean;
  readonly prompt: string | undefined;
  readonly ids: readonly number[] | undefined;
}

export interface ViewState {
  readonly phase: Phase;
  readonly problem: Problem | undefined;
  /** What the next run will ask for; the loaded model is `info`. */
  readonly model: string;
  readonly device: DeviceChoice;
  /** Of this device, so it is in no address. */
  readonly compute: Compute;
  readonly bos: 'auto' | boolean;
  readonly chat: boolean;
  readonly mid: boolean;
  /** Of a model that the reader dropped or picked. */
  readonly files: readonly FileEntry[] | undefined;
  readonly info: ModelInfo | undefined;
  readonly weights: Arrival | undefined;
  /** What the reader should know of the model's files: that they can't be kept here, say. */
  readonly note: string | undefined;
  /** Files are dragged over the page. */
  readonly dropping: boolean;
  /** The prompt box. */
  readonly text: string;
  /** Ids given in the address in place of a text; gone once the text is edited. */
  readonly askedIds: readonly number[] | undefined;
  /** The box's text in tokens; undefined while it is not known. */
  readonly tokens: Tokenized | undefined;
  /** What the reader last asked to see; the address names it. */
  readonly request: Request | undefined;
  /** The name of the trace that is shown or asked for, in place of a run. */
  readonly trace: string | undefined;
  readonly run: RunView | undefined;
  /** Undefined until the first step from this prompt. */
  readonly growth: Growth | undefined;
  /** The last call was cancelled: the rows are those that came before. */
  readonly cancelled: boolean;
  readonly view: ViewId;
  readonly options: Options;
  readonly selected: Cell | undefined;
  /** The attention head that is looked at, of whichever layer. */
  readonly head: number | undefined;
  /** What detectors know of the model’s heads. */
  readonly headLabels: readonly HeadLabel[];
  readonly hovered: Cell | undefined;
  /** Ids of pinned tokens, oldest first. */
  readonly pins: readonly number[];
  /** Pins that stand for several spellings: the pin's id → all their ids. */
  readonly groups: ReadonlyMap<number, readonly number[]>;
  /** Display texts of pins that no row of the run has. */
  readonly pinTexts: ReadonlyMap<number, string>;
  /** Pins' paths through the rows, by {@link pathKey}, of this run. */
  readonly paths: ReadonlyMap<string, Trajectory>;
  readonly colour: ColourBy;
  readonly target: Target;
  readonly chosen: ChosenTarget | undefined;
  readonly order: RowOrder;
  /** What runs are read with, once it is open in the engine's thread; undefined: the raw lens. */
  readonly lens: LensSummary | undefined;
  /** The lens that the reader or the address asks for: without `lens`, it is not there. */
  readonly lensAsked: LensSummary['kind'] | undefined;
  /** A lens file that was dropped on the page and is not opened yet. */
  readonly lensFile: File | undefined;
  readonly theme: Theme;
  /** What `theme` comes to now. */
  readonly scheme: ColorScheme;
  /** Prompts that ran before, latest first. */
  readonly history: readonly string[];
}

export const MAX_PINS = 6;

export const INITIAL: ViewState = {
  phase: 'loading',
  problem: undefined,
  model: DEFAULT_MODEL,
  device: 'auto',
  compute: 'f32',
  bos: 'auto',
  chat: false,
  mid: false,
  files: undefined,
  info: undefined,
  weights: undefined,
  note: undefined,
  dropping: false,
  text: '',
  askedIds: undefined,
  tokens: undefined,
  request: undefined,
  trace: undefined,
  run: undefined,
  growth: undefined,
  cancelled: false,
  view: DEFAULT_VIEW,
  options: {},
  selected: undefined,
  head: undefined,
  headLabels: [],
  hovered: undefined,
  pins: [],
  groups: new Map(),
  pinTexts: new Map(),
  paths: new Map(),
  colour: 'probability',
  target: 'top',
  chosen: undefined,
  order: 'last-on-top',
  lens: undefined,
  lensAsked: undefined,
  lensFile: undefined,
  theme: 'auto',
  scheme: 'light',
  history: [],
};

export function pathKey(pos: number, tokenId: number): string {
  return `${pos}:${tokenId}`;
}

/** The selected cell; with none selected, the end of the prompt in the latest row: at last the model's answer. */
export function selectedCell({ selected, run }: Pick<ViewState, 'selected' | 'run'>): Cell | undefined {
  return run && (selected ?? { layer: Math.max(run.rows.length - 2, -1), pos: run.ids.length - 1 });
}

/** The cell that inspector and charts are about: the one under the pointer, else the selected one. */
export function currentCell(state: Pick<ViewState, 'hovered' | 'selected' | 'run'>): Cell | undefined {
  return state.run && (state.hovered ?? selectedCell(state));
}

/** The row of a layer in a run; layer −1 is row 0. */
export function rowOf(run: RunView, layer: number): LayerReadings | undefined {
  return run.rows[layer + 1];
}

/** A token's display text, from the run or from what was looked up besides. */
export function tokenText({ run, pinTexts }: Pick<ViewState, 'run' | 'pinTexts'>, id: number): string {
  return run?.texts.get(id) ?? pinTexts.get(id) ?? `id ${id}`;
}

/** All ids that a pin stands for. */
export function idsOf(pin: number, groups: ReadonlyMap<number, readonly number[]>): readonly number[] {
  return groups.get(pin) ?? [pin];
}

/** `5`, or `emb` for the embedding row. */
export function layerLabel(layer: number): string {
  return layer < 0 ? 'emb' : String(layer);
}

/** `layer 5`, or `the embedding`. */
export function layerName(layer: number): string {
  return layer < 0 ? 'embedding' : `layer ${layer}`;
}

/** Whether the table's run can go on: it is whole, and a model is behind it. */
export function canGrow({ run, phase }: ViewState): boolean {
  return (
    phase === 'done' && run !== undefined && !run.trace && run.timings !== undefined && run.late !== undefined
  );
}
