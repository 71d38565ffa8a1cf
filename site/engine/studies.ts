/** The studies' end in the engine's thread: whose turn it is, and which code it takes. Loaded with the first. */
import type { HeadsOptions, HeadsReading } from '../../engine/heads-api.ts';
import type { HostedModel } from './host.ts';
import type { Studies, StudyAnswer, StudyAsk, StudyStep } from './study-protocol.ts';

/** What studies ask of the library's `LensModel`. */
export interface StudyModel {
  heads(options?: HeadsOptions): Promise<HeadsReading>;
}

/** How a study that goes on is ended, and how it tells how far it is. */
export interface Going {
  readonly signal: AbortSignal;
  readonly tell: (step: StudyStep) => void;
}

/** Does a study. */
export type Desk<N extends keyof Studies> = (
  model: HostedModel,
  ask: Studies[N]['ask'],
  going: Going,
) => Promise<Studies[N]['answer']>;

export async function answerStudy(model: HostedModel, study: StudyAsk, going: Going): Promise<StudyAnswer> {
  switch (study.name) {
    case 'heads':
      return (await import('./heads-desk.ts')).readHeads(model, study.ask, going);
    case 'circuit':
      return (await import('./heads-desk.ts')).showCircuit(model, study.ask, going);
  }
}
