/** The directions experiment as JSON and CSV: the same from the command line and from the page. */
import { csv } from '../picture/csv.ts';
import { SEED_FIGURES, type ExperimentSummary, type PromptDirections } from './experiment.ts';

/** One prompt of a finished experiment, with what its tokens say. */
export interface PromptRecord extends PromptDirections {
  readonly prompt: string;
  /** Texts of `predictionId` and `directionId`. */
  readonly prediction: string;
  readonly direction: string;
}

/** A finished experiment, with all that it takes to run it again. */
export interface ExperimentRecord {
  readonly model: {
    readonly id: string;
    readonly revision?: string;
    /** SHA-256 of the weights, where it is known. */
    readonly weightHash?: string;
    readonly layers: number;
  };
  readonly options: {
    readonly mid: boolean;
    readonly centred: boolean;
    readonly seed: number;
    readonly bos: 'auto' | boolean;
  };
  readonly summary: ExperimentSummary;
  readonly prompts: readonly PromptRecord[];
}

/** For `JSON.stringify`: the record, and the figures that it stands beside. */
export function experimentJson(record: ExperimentRecord): Readonly<Record<string, unknown>> {
  return { ...record, seedFigures: SEED_FIGURES };
}

const COLUMNS = [
  'prompt',
  'tokens',
  'pc1_ratio',
  'pc2_ratio',
  'pc3_ratio',
  'prediction_id',
  'prediction',
  'pc1_id',
  'pc1',
  'match',
] as const;

/** A header and a line a prompt, by RFC 4180 with UTF-8 and CRLF. */
export function experimentCsv({ prompts }: ExperimentRecord): string {
  const rows = prompts.map((p) => [
    p.prompt,
    p.tokens,
    ...[0, 1, 2].map((i) => p.ratios[i]),
    p.predictionId,
    p.prediction,
    p.directionId,
    p.direction,
    p.match ? 1 : 0,
  ]);
  return csv(COLUMNS, rows, harmless);
}

/** What a spreadsheet would take for a formula gets an apostrophe in front: prompts and tokens may come from anyone. */
function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
