/**
 * Studies: what the views of heads, ablation, attribution and neurons ask of the engine's thread, by name. Their code
 * comes with the first; page and host carry them all in one call.
 */
import type { HeadsProgress, HeadsReading } from '../../engine/heads-api.ts';
import type { Attribution } from '../../engine/attribution-api.ts';
import type {
  DeletionReading,
  NeuronAgreement,
  NeuronName,
  NeuronPage,
  NeuronProgress,
  NeuronTriggers,
  NeuronWrites,
} from '../../engine/neurons-api.ts';
import type { Ablation } from '../../shared/ablation.ts';
import type { LateReadings, LayerReadings } from '../../shared/lens/readings.ts';
import type { HeadName } from '../../shared/heads/reading.ts';
import type { TokenTexts } from './protocol.ts';

export interface HeadsAsk {
  /** Only what the device keeps from an earlier reading. */
  readonly keptOnly: boolean;
}

/** The induction circuit on a text: A B … A, and what is made of it. */
export interface CircuitAsk {
  readonly text: string;
  readonly bos: 'auto' | boolean;
  readonly previous: HeadName;
  readonly induction: HeadName;
}

export interface CircuitAnswer {
  /** Display texts of the tokens. */
  readonly pieces: readonly string[];
  /** Undefined: the last token did not stand before, or nothing followed it. */
  readonly found: CircuitFound | undefined;
}

export interface CircuitFound {
  /** Positions: the earlier copy of the last token, what followed it, and the last token. */
  readonly earlier: number;
  readonly followed: number;
  readonly last: number;
  /** The previous-token head's attention from `followed` to `earlier`. */
  readonly previousWeight: number;
  /** The induction head's attention from `last` to `followed`. */
  readonly inductionWeight: number;
  /** Of what followed, as the next token: probability and rank (0 = top), as it is and with a head at zero. */
  readonly plain: Foretold;
  readonly withoutPrevious: Foretold;
  readonly withoutInduction: Foretold;
}

export interface Foretold {
  readonly probability: number;
  readonly rank: number;
}

/** The prompt again with some units taken out. */
export interface AblateAsk {
  readonly ids: readonly number[];
  readonly ablation: Ablation;
}

/** Reference prompts run for the means. */
export interface AblateStep {
  readonly done: number;
  readonly total: number;
}

/** A row of the lens before and after. Axes: `pos`. */
export interface AblatedRow {
  readonly layer: number;
  /** Top tokens of the plain run and of the changed one. */
  readonly before: Int32Array;
  readonly after: Int32Array;
  /** f32[pos, 2]: log-probabilities of the plain row's own top token, and of the plain output's. */
  readonly logprobsBefore: Float32Array;
  readonly logprobsAfter: Float32Array;
}

export interface AblateAnswer {
  readonly rows: readonly AblatedRow[];
  /** The changed run, as a trace holds it. */
  readonly readings: readonly LayerReadings[];
  readonly late: LateReadings;
  readonly texts: TokenTexts;
}

export interface AttributionAsk {
  readonly ids: readonly number[];
  readonly pos: number;
  /** Undefined: the model's own top token. */
  readonly target: number | undefined;
  readonly against: number | 'mean' | undefined;
}

export interface AttributionAnswer {
  readonly attribution: Attribution;
  readonly texts: TokenTexts;
}

export interface NeuronsAsk {
  readonly ids: readonly number[];
  readonly pos: number;
  /** Undefined: all layers together. */
  readonly layer: number | undefined;
  readonly target: number | undefined;
}

export interface NeuronsAnswer {
  readonly writes: NeuronWrites;
  readonly texts: TokenTexts;
}

export interface NeuronAnswer {
  readonly page: NeuronPage;
  readonly texts: TokenTexts;
}

/** Undefined prompts: the bundled ones. */
export interface AgreementAsk {
  readonly prompts: readonly string[] | undefined;
  readonly order: NeuronTriggers['order'];
}

export interface TriggersAsk extends AgreementAsk, NeuronName {}

export interface Trigger {
  /** Display texts of the tokens around the activating one, that one, and what follows. */
  readonly before: readonly string[];
  readonly token: string;
  readonly next: readonly string[];
  /** Of the token that follows; −1 at a text's end. */
  readonly nextId: number;
  readonly coefficient: number;
}

export interface TriggersAnswer {
  readonly triggers: readonly Trigger[];
  readonly prompts: number;
  readonly positions: number;
}

/** Name → what is asked, what is told on the way, what comes back. */
export interface Studies {
  heads: { ask: HeadsAsk; step: HeadsProgress; answer: HeadsReading | undefined };
  circuit: { ask: CircuitAsk; step: never; answer: CircuitAnswer };
  ablate: { ask: AblateAsk; step: AblateStep; answer: AblateAnswer };
  attribution: { ask: AttributionAsk; step: never; answer: AttributionAnswer };
  neurons: { ask: NeuronsAsk; step: never; answer: NeuronsAnswer };
  neuron: { ask: NeuronName; step: never; answer: NeuronAnswer };
  triggers: { ask: TriggersAsk; step: NeuronProgress; answer: TriggersAnswer };
  agreement: { ask: AgreementAsk; step: NeuronProgress; answer: NeuronAgreement };
  deletion: { ask: Record<string, never>; step: NeuronProgress; answer: DeletionReading };
}
export type StudyName = keyof Studies;

export type StudyAsk = {
  [N in StudyName]: { readonly name: N; readonly ask: Studies[N]['ask'] };
}[StudyName];
export type StudyStep = Studies[StudyName]['step'];
export type StudyAnswer = Studies[StudyName]['answer'];
