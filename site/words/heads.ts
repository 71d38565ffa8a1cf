/** Heads' scores in words and numbers, for the views that show them. */
import type { HeadsProgress, HeadsReading } from '../../engine/heads-api.ts';
import {
  COMPOSITIONS,
  PATTERN_SCORES,
  scoreAt,
  type CompositionKind,
  type HeadLabel as LabelName,
  type HeadName,
  type SortableScore,
} from '../../shared/heads/reading.ts';
import type { HeadLabel } from '../controllers/head-labels.ts';
import { decimals } from '../controllers/numbers.ts';

export const SCORE_TITLES: Readonly<Record<SortableScore, string>> = {
  previous: 'previous token',
  present: 'present token',
  first: 'first token',
  duplicate: 'duplicate token',
  induction: 'induction',
  copying: 'copying',
  deleting: 'deleting',
};

/** What a score's number is. */
export const SCORE_UNITS: Readonly<Record<SortableScore, string>> = {
  previous: 'mean attention to the token before',
  present: 'mean attention to the token itself',
  first: 'mean attention to the first token',
  duplicate: 'mean attention to earlier copies of the token',
  induction: 'mean attention to what followed the earlier copy',
  copying: 'Σλ/Σ|λ| of the output–value circuit: 1 copies, −1 takes away',
  deleting: 'how negative the copying score is, times present-token attention',
};

/** The one score that has a sign. */
export function isSigned(score: SortableScore): boolean {
  return score === 'copying';
}

export function nameAt(at: number, heads: number): HeadName {
  return { layer: Math.floor(at / heads), head: at % heads };
}

/** `0.63`, `−0.80` */
export function scoreText(value: number): string {
  return decimals(value);
}

/** `0.63 ± 0.02`: the spread is over draws, and weights alone have none. */
export function withSpread(reading: HeadsReading, score: SortableScore, at: number): string {
  const pattern = PATTERN_SCORES.find((name) => name === score);
  const deviation = pattern ? (reading.patterns[pattern].deviation[at] ?? NaN) : NaN;
  const value = scoreText(scoreAt(reading, score, at));
  return Number.isNaN(deviation) ? value : `${value} ± ${deviation.toFixed(2)}`;
}

/** `Head 3 of layer 3: previous token 0.63 ± 0.02. Called: previous token` */
export function headSaid(reading: HeadsReading, score: SortableScore, at: number): string {
  const { layer, head } = nameAt(at, reading.heads);
  const called = reading.labels[at] ?? [];
  const calls = called.length > 0 ? `. Called: ${called.join(', ')}` : '';
  return `Head ${head} of layer ${layer}: ${SCORE_TITLES[score]} ${withSpread(reading, score, at)}${calls}`;
}

const OF_LABEL: Readonly<Record<LabelName, SortableScore>> = {
  'previous token': 'previous',
  'present token': 'present',
  'duplicate token': 'duplicate',
  induction: 'induction',
  copying: 'copying',
  deleting: 'deleting',
};

/** What the views that show heads name them by. */
export function headLabelsOf(reading: HeadsReading): readonly HeadLabel[] {
  return reading.labels.flatMap((names, at) =>
    names.map((name) => {
      const score = OF_LABEL[name];
      const number = withSpread(reading, score, at);
      const byWeights = score === 'copying' || score === 'deleting';
      return {
        ...nameAt(at, reading.heads),
        name,
        detail: byWeights
          ? `${SCORE_TITLES[score]} score ${number}, from the weights`
          : `${number}: ${SCORE_UNITS[score]}, on repeated random tokens`,
      };
    }),
  );
}

/** How far the detectors are: in words, and as a share of all. Circuits take the larger part. */
export function progressSaid(progress: HeadsProgress | undefined): { words: string; share: number } {
  if (!progress) return { words: 'looking for scores that this device keeps', share: 0 };
  const { stage, done, total } = progress;
  const part = total > 0 ? done / total : 0;
  return stage === 'patterns'
    ? { words: `attention on random tokens, ${done} of ${total}`, share: 0.4 * part }
    : {
        words: `circuits from the weights, layer ${Math.min(done + 1, total)} of ${total}`,
        share: 0.4 + 0.6 * part,
      };
}

/** Means over the positions that could be foretold. */
export function meanLoss(list: HeadsReading['loss']['first']): number {
  const known = list.map(({ mean }) => mean).filter((x) => !Number.isNaN(x));
  return known.reduce((a, b) => a + b, 0) / known.length;
}

/** The kind that the address names; K, which induction goes by, without one. */
export function compositionKind(given: string | undefined): CompositionKind {
  return COMPOSITIONS.find((kind) => kind === given) ?? 'k';
}
