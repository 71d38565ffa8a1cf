/**
 * Studies: what the views of heads, ablation, attribution and neurons ask of the engine's thread, by name. Their code
 * comes with the first; page and host carry them all in one call.
 */
import type { HeadsProgress, HeadsReading } from '../../engine/heads-api.ts';
import type { HeadName } from '../../shared/heads/reading.ts';

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

/** Name → what is asked, what is told on the way, what comes back. */
export interface Studies {
  heads: { ask: HeadsAsk; step: HeadsProgress; answer: HeadsReading | undefined };
  circuit: { ask: CircuitAsk; step: never; answer: CircuitAnswer };
}
export type StudyName = keyof Studies;

export type StudyAsk = {
  [N in StudyName]: { readonly name: N; readonly ask: Studies[N]['ask'] };
}[StudyName];
export type StudyStep = Studies[StudyName]['step'];
export type StudyAnswer = Studies[StudyName]['answer'];
