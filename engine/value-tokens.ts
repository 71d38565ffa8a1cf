/**
 * Values read as tokens: directions behind the final norm's gain through the unembedding, exact over the whole
 * vocabulary. Axes: m neuron, d d_model.
 */
import { centre } from '../shared/frozen-norm.ts';
import { gainOf } from '../shared/heads/weights.ts';
import type { BlockWeights, ModelSpec } from '../shared/spec/model-spec.ts';
import { storedMatrix, type StoredMatrix } from '../shared/stored-matrix.ts';
import type { Workplace } from './average-readings.ts';
import { blockOf } from './head-weights.ts';
import type { TokenList } from './neurons-api.ts';

/** Rows that one projection may hold at most, so that a cancellation is never long in coming. */
const GROUP = 64;

/** The k tokens that each row raises most. @param rows f32[*, d]: U·row is what counts. */
export async function topTokens(
  { machine, spec }: Pick<Workplace, 'machine' | 'spec'>,
  rows: Float32Array,
  k: number,
  signal: AbortSignal | undefined,
): Promise<TokenList[]> {
  const d = spec.dModel;
  const lists: TokenList[] = [];
  await machine.readout.prepare(signal);
  for (let from = 0; from < rows.length; from += GROUP * d) {
    const data = rows.slice(from, from + GROUP * d);
    const request = { k, targets: new Int32Array(0), perRow: 0 };
    const { groups } = await machine.readout.read({ rows: data.length / d, data }, request, signal);
    for (const { stats } of groups) {
      for (let row = 0; row < stats.rows; row++) {
        lists.push({
          ids: stats.topIds.slice(row * k, (row + 1) * k),
          values: stats.topLogits.slice(row * k, (row + 1) * k),
        });
      }
    }
  }
  return lists;
}

/** Tokens that each row raises and lowers most. */
export async function bothEnds(
  place: Pick<Workplace, 'machine' | 'spec'>,
  rows: Float32Array,
  k: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly promoted: TokenList; readonly suppressed: TokenList }[]> {
  const count = rows.length / place.spec.dModel;
  const both = new Float32Array(2 * rows.length);
  both.set(rows);
  rows.forEach((x, i) => (both[rows.length + i] = -x));
  const lists = await topTokens(place, both, k, signal);
  return Array.from({ length: count }, (_, i) => {
    const { ids, values } = lists[count + i] as TokenList;
    return { promoted: lists[i] as TokenList, suppressed: { ids, values: values.map((x) => -x) } };
  });
}

/** The final norm's gain, f64[d]. */
export async function finalGain(
  { spec, weights }: Workplace,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const stored = (await weights.tensor(spec.weights.finalNorm.weight, signal)).data;
  return gainOf(spec, spec.weights.finalNorm, () => stored);
}

/** A layer's values, and the gain of the norm behind the MLP where there is one (Gemma). */
export interface LayerValues {
  readonly block: BlockWeights;
  /** [m, d] */
  readonly out: StoredMatrix;
  /** f64[d] */
  readonly postGain: Float64Array | undefined;
}

export async function layerValues(
  { spec, weights }: Pick<Workplace, 'spec' | 'weights'>,
  layer: number,
  signal: AbortSignal | undefined,
): Promise<LayerValues> {
  const block = blockOf(spec, layer);
  const { data } = await weights.tensor(block.mlpOut.weight, signal);
  const out = storedMatrix(data, block.mlpOut, spec.dMlp, spec.dModel);
  const { postMlpNorm } = block;
  if (!postMlpNorm) return { block, out, postGain: undefined };
  const stored = (await weights.tensor(postMlpNorm.weight, signal)).data;
  return { block, out, postGain: gainOf(spec, postMlpNorm, () => stored) };
}

/**
 * What a neuron adds to the stream as the unembedding sees it, scales left out: times the post-norm's gain, the mean
 * taken off where the norms do, times the final norm's gain.
 *
 * @param value f32[d]. @returns f64[d]
 */
export function asUnembedded(
  { norm }: Pick<ModelSpec, 'norm'>,
  value: Float32Array,
  postGain: Float64Array | undefined,
  gain: Float64Array,
): Float64Array {
  let x: Float64Array = Float64Array.from(value);
  if (postGain) {
    if (norm.kind === 'layer') x = centre(x);
    x = x.map((v, i) => v * (postGain[i] as number));
  }
  if (norm.kind === 'layer') x = centre(x);
  return x.map((v, i) => v * (gain[i] as number));
}
