/** What a head does, in words made from its numbers. */
import type { HeadScore, HeadScores } from '../../shared/lens/attention.ts';

export const SCORE_WORDS: Readonly<Record<HeadScore, string>> = {
  previous: 'the previous token',
  present: 'the token itself',
  first: 'the first token',
  duplicate: 'earlier copies of the token',
};

const SHORT: Readonly<Record<HeadScore, string>> = {
  previous: 'prev',
  present: 'self',
  first: 'first',
  duplicate: 'copy',
};

/** A score from which on a head is said to do that on this prompt. */
const MOSTLY = 0.4;
const ORDER: readonly HeadScore[] = ['previous', 'duplicate', 'present', 'first'];

/** A weight as the view writes it. */
export function weight(x: number): string {
  if (Number.isNaN(x)) return '–';
  return x === 0 || x >= 0.0005 ? x.toFixed(3) : x.toExponential(0);
}

/** A length in the stream's own units. */
export function length(x: number): string {
  if (Number.isNaN(x)) return '–';
  return x === 0 ? '0' : x >= 100 ? x.toFixed(0) : x.toPrecision(3);
}

/** `prev .93`; empty where no score stands out. */
export function shortScore(scores: HeadScores, head: number): string {
  const name = ORDER.find((score) => (scores[score][head] ?? 0) >= MOSTLY);
  return name ? `${SHORT[name]} ${(scores[name][head] ?? 0).toFixed(2).replace(/^0/, '')}` : '';
}

/** `0.93 of its attention on the previous token, 0.05 on the first token`. */
export function scoresSaid(scores: HeadScores, head: number): string {
  const said = ORDER.filter((score) => !Number.isNaN(scores[score][head] ?? Number.NaN))
    .sort((a, b) => (scores[b][head] ?? 0) - (scores[a][head] ?? 0))
    .map((score, i) => {
      const share = (scores[score][head] ?? 0).toFixed(2);
      return `${share} ${i === 0 ? 'of its attention ' : ''}on ${SCORE_WORDS[score]}`;
    });
  return said.length > 0 ? said.join(', ') : 'too short for scores: they begin at the third token';
}
