/** The studies' end in the engine's thread: whose turn it is, and which code it takes. Loaded with the first. */
import type { MeanReadings } from '../../engine/ablation-api.ts';
import type { AttributionReadings } from '../../engine/attribution-api.ts';
import type { NeuronReadings } from '../../engine/neurons-api.ts';
import type { HeadsOptions, HeadsReading } from '../../engine/heads-api.ts';
import type { HostedModel } from './host.ts';
import type { Studies, StudyAnswer, StudyAsk, StudyStep } from './study-protocol.ts';

/** What studies ask of the library's `LensModel`. */
export interface StudyModel extends AttributionReadings, NeuronReadings, MeanReadings {
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
    case 'ablate':
      return (await import('./ablation-desk.ts')).ablate(model, study.ask, going);
    case 'attribution':
      return (await import('./ablation-desk.ts')).attribute(model, study.ask, going);
    case 'neurons':
      return (await import('./neurons-desk.ts')).readWrites(model, study.ask, going);
    case 'neuron':
      return (await import('./neurons-desk.ts')).readPage(model, study.ask, going);
    case 'triggers':
      return (await import('./neurons-desk.ts')).readTriggers(model, study.ask, going);
    case 'agreement':
      return (await import('./neurons-desk.ts')).readAgreement(model, study.ask, going);
    case 'deletion':
      return (await import('./neurons-desk.ts')).readDeletion(model, study.ask, going);
  }
}
