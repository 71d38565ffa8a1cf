/**
 * What the directions experiment says over a set of prompts: how much of the variance the first component explains
 * on average, how often it reads out as the model's prediction, and how sure both figures are.
 */
import { InputError } from '../errors.ts';
import { seeded } from '../random.ts';

/** What the experiment was started from: GPT-2's figures in the seed of this project. */
export const SEED_FIGURES = { model: 'GPT-2', ratio: 0.88, matchRate: 0.77 } as const;

/** One prompt of the experiment. */
export interface PromptDirections {
  /** Tokens run, `bos` counted in. */
  readonly tokens: number;
  /** Share of the variance along the first component. */
  readonly ratio: number;
  /** Shares of all components, that one included, largest first. */
  readonly ratios: readonly number[];
  /** The model's own top token after the last position. */
  readonly predictionId: number;
  /** What the first component reads out as. */
  readonly directionId: number;
  readonly match: boolean;
}

/** A figure and its 95% interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface HistogramBin {
  /** Left end; a bin holds its left end and not its right one, but the last, which holds 1. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Of these, prompts whose first component reads out as the prediction. */
  readonly matches: number;
}

export interface ExperimentSummary {
  readonly prompts: number;
  readonly matches: number;
  /** Mean of `ratio`; the interval is a percentile bootstrap's. */
  readonly ratio: Estimate;
  /** Share of prompts that match; the interval is Wilson's. */
  readonly matchRate: Estimate;
  readonly histogram: readonly HistogramBin[];
  readonly seed: number;
}

const RESAMPLES = 10_000;
const BINS = 20;
/** The normal distribution's 97.5% quantile. */
const Z = 1.959963984540054;

/** @throws {InputError} for no prompts. */
export function summarize(readings: readonly PromptDirections[], seed = 0): ExperimentSummary {
  if (readings.length === 0) throw new InputError('directions: expected at least one prompt, got none');
  const ratios = Float64Array.from(readings, ({ ratio }) => ratio);
  const matches = readings.filter(({ match }) => match).length;
  return {
    prompts: readings.length,
    matches,
    ratio: bootstrapMean(ratios, seed),
    matchRate: wilson(matches, readings.length),
    histogram: histogramOf(readings),
    seed,
  };
}

/**
 * A mean with its 95% interval from resampling.
 *
 * @param seed the same seed gives the same interval.
 * @see Efron 1979, "Bootstrap methods: another look at the jackknife"
 */
export function bootstrapMean(values: Float64Array, seed: number, resamples = RESAMPLES): Estimate {
  const random = seeded(seed);
  const n = values.length;
  const means = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    let sum = 0;
    for (let draw = 0; draw < n; draw++) sum += values[random.below(n)] as number;
    means[i] = sum / n;
  }
  means.sort();
  const value = values.reduce((a, b) => a + b, 0) / n;
  return { value, low: quantile(means, 0.025), high: quantile(means, 0.975) };
}

/**
 * A share with Wilson's 95% score interval.
 *
 * @see Wilson 1927, "Probable inference, the law of succession, and statistical inference"
 */
export function wilson(hits: number, of: number): Estimate {
  const p = hits / of;
  const z2 = Z * Z;
  const middle = (p + z2 / (2 * of)) / (1 + z2 / of);
  const half = (Z / (1 + z2 / of)) * Math.sqrt((p * (1 - p)) / of + z2 / (4 * of * of));
  return { value: p, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/** Bins of equal width from 0 to 1. */
export function histogramOf(
  readings: readonly Pick<PromptDirections, 'ratio' | 'match'>[],
  bins = BINS,
): HistogramBin[] {
  const counts = new Int32Array(bins);
  const matches = new Int32Array(bins);
  for (const { ratio, match } of readings) {
    const bin = Math.min(bins - 1, Math.floor(ratio * bins));
    counts[bin] = (counts[bin] as number) + 1;
    if (match) matches[bin] = (matches[bin] as number) + 1;
  }
  return Array.from(counts, (count, i) => ({
    from: i / bins,
    to: (i + 1) / bins,
    count,
    matches: matches[i] as number,
  }));
}

/** Of sorted values, with linear interpolation, as numpy's default. */
function quantile(sorted: Float64Array, q: number): number {
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const a = sorted[low] as number;
  const b = sorted[Math.min(low + 1, sorted.length - 1)] as number;
  return a + (b - a) * (at - low);
}
