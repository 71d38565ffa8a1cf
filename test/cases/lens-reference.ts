/**
 * The logit lens written out by its definition in doubles, every logit kept: what the engine's readings are held
 * against where no golden has them (entropy, KL, ranks, the embedding row).
 */
import { TOLERANCE } from './compare.ts';

/** The final norm and the unembedding. */
export interface LensWeights {
  /** `rms`: the mean stays in. */
  readonly norm: 'layer' | 'rms';
  readonly eps: number;
  /** f32[d_model] each; the gain as it multiplies, whatever of it is stored. */
  readonly gain: Float32Array;
  readonly bias: Float32Array | undefined;
  /** f32[vocab, d_model] */
  readonly unembed: Float32Array;
}

/** One distribution over the vocabulary. */
export interface Distribution {
  /** f64[vocab] */
  readonly logprobs: Float64Array;
  /** logsumexp of the logits. */
  readonly logZ: number;
  readonly entropy: number;
}

/** softmax(U·N(x)) of one state x, f32[d_model]. */
export function readState(state: Float32Array, weights: LensWeights): Distribution {
  const { norm, eps, gain, bias, unembed } = weights;
  const width = state.length;
  const mean = norm === 'rms' ? 0 : state.reduce((sum, x) => sum + x, 0) / width;
  const variance = state.reduce((sum, x) => sum + (x - mean) ** 2, 0) / width;
  const normed = Float64Array.from(
    state,
    (x, i) => ((x - mean) / Math.sqrt(variance + eps)) * (gain[i] as number) + (bias?.[i] ?? 0),
  );
  const logits = new Float64Array(unembed.length / width);
  for (let token = 0; token < logits.length; token++) {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += (unembed[token * width + i] as number) * (normed[i] as number);
    logits[token] = sum;
  }
  return distribution(logits);
}

/** The distribution that logits stand for. */
export function distribution(logits: ArrayLike<number>): Distribution {
  const all = Float64Array.from(logits);
  const max = all.reduce((a, b) => Math.max(a, b), -Infinity);
  const logZ = max + Math.log(all.reduce((sum, z) => sum + Math.exp(z - max), 0));
  const logprobs = all.map((z) => z - logZ);
  return { logprobs, logZ, entropy: -logprobs.reduce((sum, l) => sum + Math.exp(l) * l, 0) };
}

/** KL(p ‖ q), nats. */
export function divergence(p: Distribution, q: Distribution): number {
  return p.logprobs.reduce((sum, l, i) => sum + Math.exp(l) * (l - (q.logprobs[i] as number)), 0);
}

/** The k most likely tokens, best first; of equals the smaller id first. */
export function topOf({ logprobs }: Distribution, k: number): { ids: number[]; logprobs: number[] } {
  const ids: number[] = [];
  const values: number[] = [];
  for (let id = 0; id < logprobs.length; id++) {
    const value = logprobs[id] as number;
    if (ids.length === k && value <= (values[k - 1] as number)) continue;
    let place = ids.length;
    while (place > 0 && (values[place - 1] as number) < value) place--;
    ids.splice(place, 0, id);
    values.splice(place, 0, value);
    if (ids.length > k) {
      ids.pop();
      values.pop();
    }
  }
  return { ids, logprobs: values };
}

/** True when `rank` is the token's, or could be by ties within the tolerance. */
export function isRank({ logprobs }: Distribution, token: number, rank: number): boolean {
  const own = logprobs[token] as number;
  let [surely, perhaps] = [0, 0];
  for (const l of logprobs) {
    if (l > own + TOLERANCE.logprob) surely++;
    if (l >= own - TOLERANCE.logprob) perhaps++;
  }
  return rank >= surely && rank < perhaps;
}

/** True when the token is the most likely one, or ties with it within the tolerance. */
export function isTop(d: Distribution, token: number): boolean {
  return isRank(d, token, 0);
}
