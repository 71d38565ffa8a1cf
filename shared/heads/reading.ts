/**
 * What all the scores of a model's heads say together: a label a head, the induction pair, and sentences for people.
 */

/** Scores on attention over repeated random tokens, 0 to 1 each. */
export const PATTERN_SCORES = ['previous', 'present', 'first', 'duplicate', 'induction'] as const;
export type PatternScore = (typeof PATTERN_SCORES)[number];

/** Scores that a table can be sorted by. */
export const SORTABLE = [...PATTERN_SCORES, 'copying', 'deleting'] as const;
export type SortableScore = (typeof SORTABLE)[number];

/** Over draws. */
export interface ScoreTable {
  /** f32[layer, head] each. `deviation`: standard deviation over draws, with n − 1; NaN of a single one. */
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

export type PatternScores = Readonly<Record<PatternScore, ScoreTable>>;

export const HEAD_LABELS = [
  'previous token',
  'present token',
  'duplicate token',
  'induction',
  'copying',
  'deleting',
] as const;
export type HeadLabel = (typeof HEAD_LABELS)[number];

/** From here on a head is called by a score of attention: it spends two fifths of its attention so, on average. */
export const PATTERN_THRESHOLD = 0.4;
/** The same for the copying score, and with a minus for deleting. */
export const COPYING_THRESHOLD = 0.5;

/** K-composition and the like, of every earlier head into every later one. */
export interface Composition {
  /**
   * f32[layer, head, layer, head], earlier first; less the baseline. NaN where the second is not in a later layer, and
   * where a head's matrices are zero. Undefined: query and key norms leave no such matrix.
   */
  readonly q: Float32Array | undefined;
  readonly k: Float32Array | undefined;
  readonly v: Float32Array;
  /** What random matrices of the same rank and shape come to, seeded. */
  readonly baseline: number;
}

export const COMPOSITIONS = ['q', 'k', 'v'] as const;
export type CompositionKind = (typeof COMPOSITIONS)[number];

export interface HeadName {
  readonly layer: number;
  readonly head: number;
}

/** `4.2` */
export function headName({ layer, head }: HeadName): string {
  return `${layer}.${head}`;
}

export interface InductionPair {
  readonly previous: HeadName;
  readonly induction: HeadName;
  /** K-composition less the baseline; undefined where the family has none, or none was asked for. */
  readonly kComposition: number | undefined;
}

/** Deleting: a head that looks at its own token and takes it away. The product of both, 0 to 1; NaN with copying. */
export function deletingScore(copying: number, present: number): number {
  return Math.max(0, -copying) * present;
}

/** A head's score by name. @param at layer · heads + head. */
export function scoreAt(
  { patterns, copying }: { readonly patterns: PatternScores; readonly copying: Float32Array },
  name: SortableScore,
  at: number,
): number {
  if (name === 'copying') return copying[at] ?? NaN;
  if (name === 'deleting') return deletingScore(copying[at] ?? NaN, patterns.present.mean[at] ?? NaN);
  return patterns[name].mean[at] ?? NaN;
}

/** All heads, as layer · heads + head, those with the highest score first; those without one last. */
export function byScore(
  reading: { readonly patterns: PatternScores; readonly copying: Float32Array },
  name: SortableScore,
): number[] {
  const rank = (at: number): number => {
    const score = scoreAt(reading, name, at);
    return Number.isNaN(score) ? -Infinity : score;
  };
  return Array.from(reading.copying.keys()).sort((a, b) => rank(b) - rank(a) || a - b);
}

/** What a head may be called, the strongest score first. @param at layer · heads + head. */
export function labelsOf(patterns: PatternScores, copying: Float32Array, at: number): HeadLabel[] {
  const score = (name: PatternScore): number => patterns[name].mean[at] ?? NaN;
  const circuit = copying[at] ?? NaN;
  const found: [HeadLabel, number][] = [];
  const add = (label: HeadLabel, value: number, from: number): void => {
    if (value >= from) found.push([label, value]);
  };
  add('induction', score('induction'), PATTERN_THRESHOLD);
  add('previous token', score('previous'), PATTERN_THRESHOLD);
  // An induction head's attention to earlier copies is by chance; one that deletes has to look at its own token.
  add('duplicate token', score('duplicate'), PATTERN_THRESHOLD);
  add('present token', score('present'), PATTERN_THRESHOLD);
  add('copying', circuit, COPYING_THRESHOLD);
  const labels = found.sort((a, b) => b[1] - a[1]).map(([label]) => label);
  return -circuit >= COPYING_THRESHOLD && score('present') >= PATTERN_THRESHOLD
    ? ['deleting', ...labels]
    : labels;
}

/**
 * The induction circuit: of all previous-token heads and induction heads behind them, the pair with the strongest
 * K-composition; without one, the pair with the strongest scores.
 *
 * @see Elhage et al. 2021: the earlier head writes each token's predecessor where the later head's keys read it
 */
export function inductionPair(
  patterns: PatternScores,
  composition: Composition | undefined,
  { layers, heads }: { readonly layers: number; readonly heads: number },
): InductionPair | undefined {
  const above = (name: 'previous' | 'induction'): number[] =>
    Array.from({ length: layers * heads }, (_, i) => i).filter(
      (i) => (patterns[name].mean[i] ?? NaN) >= PATTERN_THRESHOLD,
    );
  const k = composition?.k;
  const name = (i: number): HeadName => ({ layer: Math.floor(i / heads), head: i % heads });
  let best: { pair: InductionPair; value: number } | undefined;
  for (const first of above('previous')) {
    for (const second of above('induction')) {
      if (name(second).layer <= name(first).layer) continue;
      const kComposition = k?.[first * layers * heads + second];
      const value =
        kComposition ?? (patterns.previous.mean[first] ?? NaN) * (patterns.induction.mean[second] ?? NaN);
      if (Number.isNaN(value) || value <= (best?.value ?? -Infinity)) continue;
      best = { pair: { previous: name(first), induction: name(second), kComposition }, value };
    }
  }
  return best?.pair;
}

/** The induction circuit in a sentence, or what is missing for one. */
export function inductionSentence(
  patterns: PatternScores,
  pair: InductionPair | undefined,
  { heads }: { readonly heads: number },
): string {
  const say = (name: PatternScore, { layer, head }: HeadName): string => {
    const at = layer * heads + head;
    const deviation = patterns[name].deviation[at] ?? NaN;
    return `${(patterns[name].mean[at] ?? NaN).toFixed(2)}${Number.isNaN(deviation) ? '' : ` ± ${deviation.toFixed(2)}`}`;
  };
  if (pair) {
    const { previous, induction, kComposition } = pair;
    const composed =
      kComposition === undefined
        ? 'a pair by their scores alone: K-composition was not measured or is undefined in this family'
        : kComposition > 0
          ? `K-composition ${kComposition.toFixed(3)} above random heads`
          : `K-composition ${Math.abs(kComposition).toFixed(3)} below random heads, so that weights alone do not show the pair`;
    return `Head ${headName(previous)} attends to the previous token (${say('previous', previous)}), and head ${headName(induction)} to what followed a token's earlier copy (${say('induction', induction)}): ${composed}.`;
  }
  const top = (name: PatternScore): HeadName => {
    const { mean } = patterns[name];
    let at = 0;
    mean.forEach((value, i) => {
      if (value > (mean[at] ?? NaN)) at = i;
    });
    return { layer: Math.floor(at / heads), head: at % heads };
  };
  const [previous, induction] = [top('previous'), top('induction')];
  return `No induction pair: it takes a previous-token head and an induction head in a later layer, both at ${PATTERN_THRESHOLD} or more. The highest scores are previous token ${say('previous', previous)} (head ${headName(previous)}) and induction ${say('induction', induction)} (head ${headName(induction)}).`;
}
