/**
 * Scores that weights alone give, a layer at a time: copying by eigenvalues, and composition of every pair of heads.
 * Axes: h head, e d_head, d d_model.
 */
import { throwIfCancelled } from '../shared/errors.ts';
import { circuitGraph, crossGraph } from '../shared/graph/heads.ts';
import { copyingScore, frobenius } from '../shared/heads/circuits.ts';
import type { Composition } from '../shared/heads/reading.ts';
import { foldHeads, gainOf, headWeightsOf, type FoldedHeads } from '../shared/heads/weights.ts';
import { nextTask, type Workplace } from './average-readings.ts';
import { Compositions } from './head-compositions.ts';
import { HeadProducts } from './head-products.ts';
import { blockOf, headTensors, type ReadsWeights } from './head-weights.ts';
import type { Tensor } from './runtime.ts';

/** Numbers of a share of the vocabulary, U's and E's rows each. */
const SHARE = 4 * 2 ** 20;

export interface CircuitReadings {
  /** f32[layer, head] */
  readonly copying: Float32Array;
  readonly composition: Composition | undefined;
}

interface CircuitOptions {
  readonly composition: boolean;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (done: number, total: number) => void;
}

/** @throws {MemoryError} when composition's matrices would not fit. */
export async function readCircuits(
  place: Workplace,
  model: ReadsWeights,
  { composition, seed, signal, onProgress }: CircuitOptions,
): Promise<CircuitReadings> {
  const { spec } = place;
  const { nLayers, nHeads: h } = spec;
  const composed = composition ? new Compositions(place, seed) : undefined;
  const scores = new CopyingScores(place);
  try {
    const tokens = await scores.tokens(signal);
    const copying = new Float32Array(nLayers * h);
    for (let layer = 0; layer < nLayers; layer++) {
      onProgress(layer, nLayers);
      await nextTask();
      throwIfCancelled(signal);
      const block = blockOf(spec, layer);
      const tensors = await headTensors(model, layer, signal);
      const folded = foldHeads(spec, block, headWeightsOf(spec, block, layer, tensors), tensors);
      copying.set(await scores.of(folded, tokens, signal), layer * h);
      await composed?.add(layer, folded, signal);
    }
    onProgress(nLayers, nLayers);
    return { copying, composition: composed?.result() };
  } finally {
    await scores.dispose();
    await composed?.dispose();
  }
}

/** What copying takes, on the device. */
class CopyingScores {
  readonly #place: Workplace;
  readonly #products: HeadProducts;

  constructor(place: Workplace) {
    const { dModel: d, dHead: e } = place.spec;
    this.#place = place;
    this.#products = new HeadProducts(place.machine.runtime, {
      sum: () => crossGraph(d),
      circuit: () => circuitGraph(d, e),
    });
  }

  /** diag(final gain)·Uᵀ·E, f32[d, d]: from what is written to the stream to what the embedding puts there. */
  async tokens(signal: AbortSignal | undefined): Promise<Float32Array> {
    const { spec, weights } = this.#place;
    const { dModel: d, dVocab } = spec;
    await weights.need('embed', signal);
    return weights.use('final', signal, async () => {
      const sum = new Float64Array(d * d);
      const share = Math.max(1, Math.floor(SHARE / d));
      for (let from = 0; from < dVocab; from += share) {
        throwIfCancelled(signal);
        await nextTask();
        const ids = Int32Array.from({ length: Math.min(share, dVocab - from) }, (_, i) => from + i);
        const rows = (name: string): Tensor => this.#products.floats(weights.rows(name, ids), ids.length, d);
        const e = rows(spec.weights.embed);
        const u = spec.weights.unembed === spec.weights.embed ? e : rows(spec.weights.unembed);
        const more = await this.#products.run('sum', { u, e });
        more.forEach((x, i) => (sum[i] = (sum[i] as number) + x));
      }
      const { finalNorm } = spec.weights;
      const stored = (await weights.tensor(finalNorm.weight, signal)).data;
      const gain = gainOf(spec, finalNorm, () => stored);
      return Float32Array.from(sum, (x, i) => x * (gain[Math.floor(i / d)] as number));
    });
  }

  /** @returns f32[h] */
  async of(
    { o, v }: FoldedHeads,
    tokens: Float32Array,
    signal: AbortSignal | undefined,
  ): Promise<Float32Array> {
    const { nHeads: h, dHead: e, dModel: d } = this.#place.spec;
    const feeds = {
      o: this.#products.floats(o, h, e, d),
      s: this.#products.floats(tokens, d, d),
      v: this.#products.floats(v, h, d, e),
    };
    const circuits = await this.#products.run('circuit', feeds);
    const scale = frobenius(tokens);
    const scores = new Float32Array(h);
    for (let head = 0; head < h; head++) {
      await nextTask();
      throwIfCancelled(signal);
      const size = scale * frobenius(o, head * e * d, e * d) * frobenius(v, head * d * e, d * e);
      scores[head] = copyingScore(circuits.subarray(head * e * e, (head + 1) * e * e), e, size);
    }
    return scores;
  }

  async dispose(): Promise<void> {
    await this.#products.dispose();
  }
}
