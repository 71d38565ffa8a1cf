/**
 * Scores that weights alone give: copying by eigenvalues, and composition of every pair of heads. A layer at a time;
 * what stays of a layer is one matrix as large as its W_O. Axes: h head, e d_head, d d_model.
 */
import { MemoryError, throwIfCancelled } from '../shared/errors.ts';
import {
  circuitGraph,
  compositionGraph,
  crossGraph,
  gramGraph,
  productGraph,
} from '../shared/graph/heads.ts';
import { copyingScore, frobenius, gramFactor, randomComposition } from '../shared/heads/circuits.ts';
import type { Composition } from '../shared/heads/reading.ts';
import { foldHeads, gainOf, headWeightsOf, type FoldedHeads } from '../shared/heads/weights.ts';
import { transposed } from '../shared/transpose.ts';
import { nextTask, type Workplace } from './average-readings.ts';
import { blockOf, headTensors, type ReadsWeights } from './head-weights.ts';
import type { Session, Tensor } from './runtime.ts';

/** Numbers of a share of the vocabulary, U's and E's rows each. */
const SHARE = 4 * 2 ** 20;
/** Bytes that the matrices kept for composition may take. */
const KEPT_BYTES = 2 ** 30;

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

/** Matrices of a layer's heads, made small: ‖A·B‖ = ‖left·right‖. */
interface Factors {
  /** f32[h, e, d]: as long as W_OV seen from behind. */
  readonly left: Float32Array;
  /** f32[3 · h, d, e]: W_QK by its queries, by its keys, and W_OV, seen from before. */
  readonly right: Float32Array;
}

/** @throws {MemoryError} when composition's matrices would not fit. */
export async function readCircuits(
  place: Workplace,
  model: ReadsWeights,
  { composition, seed, signal, onProgress }: CircuitOptions,
): Promise<CircuitReadings> {
  const { spec } = place;
  const { nLayers, nHeads: h, dHead: e, dModel: d } = spec;
  const kept = nLayers * h * e * d * 4;
  if (composition && kept > KEPT_BYTES) {
    throw new MemoryError(
      `heads: composition of ${nLayers} × ${h} heads keeps ${Math.round(kept / 2 ** 20)} MiB, more than the ${KEPT_BYTES / 2 ** 20} MiB allowed: leave composition out`,
    );
  }
  const products = new Products(place);
  try {
    const tokens = await products.tokens(signal);
    const copying = new Float32Array(nLayers * h);
    const cells = nLayers * h;
    const tables = [0, 1, 2].map(() => new Float32Array(composition ? cells * cells : 0).fill(NaN));
    const lefts: { left: Float32Array; norms: number[] }[] = [];
    const baseline = composition ? randomComposition(d, e, seed) : 0;
    for (let layer = 0; layer < nLayers; layer++) {
      onProgress(layer, nLayers);
      await nextTask();
      throwIfCancelled(signal);
      const block = blockOf(spec, layer);
      const tensors = await headTensors(model, layer, signal);
      const folded = foldHeads(spec, block, headWeightsOf(spec, block, layer, tensors), tensors);
      copying.set(await products.copying(folded, tokens, signal), layer * h);
      if (!composition) continue;
      const { left, right } = await products.factors(folded);
      const rightNorms = norms(right, 3 * h, d * e);
      for (const [earlier, first] of lefts.entries()) {
        throwIfCancelled(signal);
        const squares = await products.compose(first.left, right); // [h, 3h]
        for (let one = 0; one < h; one++) {
          tables.forEach((table, part) => {
            for (let two = 0; two < h; two++) {
              const column = part * h + two;
              const size = (first.norms[one] as number) * (rightNorms[column] as number);
              const norm = Math.sqrt(squares[one * 3 * h + column] as number);
              table[(earlier * h + one) * cells + layer * h + two] = size > 0 ? norm / size - baseline : NaN;
            }
          });
        }
      }
      lefts.push({ left, norms: norms(left, h, e * d) });
    }
    onProgress(nLayers, nLayers);
    const [q, k, v] = tables as [Float32Array, Float32Array, Float32Array];
    const normed = spec.weights.blocks.some((block) => block.qNorm ?? block.kNorm);
    return {
      copying,
      composition: composition
        ? { q: normed ? undefined : q, k: normed ? undefined : k, v, baseline }
        : undefined,
    };
  } finally {
    await products.dispose();
  }
}

function norms(matrices: Float32Array, count: number, size: number): number[] {
  return Array.from({ length: count }, (_, i) => frobenius(matrices, i * size, size));
}

/** The products, on the device. */
class Products {
  readonly #place: Workplace;
  readonly #sessions = new Map<string, Session>();

  constructor(place: Workplace) {
    this.#place = place;
  }

  async #run(
    name: 'cross' | 'circuit' | 'gram' | 'product' | 'composition',
    feeds: Readonly<Record<string, Tensor>>,
    output: string,
  ): Promise<Float32Array> {
    const { runtime } = this.#place.machine;
    const { dModel: d, dHead: e, nHeads } = this.#place.spec;
    const graphs = {
      cross: () => crossGraph(d),
      circuit: () => circuitGraph(d, e),
      gram: gramGraph,
      product: productGraph,
      composition: () => compositionGraph(d, e, 3 * nHeads),
    };
    const session = this.#sessions.get(name) ?? (await runtime.session(`heads: ${name}`, graphs[name]()));
    this.#sessions.set(name, session);
    const tensor = (await session.run(feeds))[output] as Tensor;
    const data = await runtime.read(tensor);
    if (tensor.location === 'gpu-buffer') tensor.dispose();
    return data;
  }

  #floats(data: Float32Array, ...dims: number[]): Tensor {
    return this.#place.machine.runtime.floats(data, dims);
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
        const rows = (name: string): Tensor => this.#floats(weights.rows(name, ids), ids.length, d);
        const e = rows(spec.weights.embed);
        const u = spec.weights.unembed === spec.weights.embed ? e : rows(spec.weights.unembed);
        const more = await this.#run('cross', { u, e }, 'sum');
        more.forEach((x, i) => (sum[i] = (sum[i] as number) + x));
      }
      const { finalNorm } = spec.weights;
      const stored = (await weights.tensor(finalNorm.weight, signal)).data;
      const gain = gainOf(spec, finalNorm, () => stored);
      return Float32Array.from(sum, (x, i) => x * (gain[Math.floor(i / d)] as number));
    });
  }

  /** @returns f32[h] */
  async copying(
    { o, v }: FoldedHeads,
    tokens: Float32Array,
    signal: AbortSignal | undefined,
  ): Promise<Float32Array> {
    const { nHeads: h, dHead: e, dModel: d } = this.#place.spec;
    const feeds = {
      o: this.#floats(o, h, e, d),
      s: this.#floats(tokens, d, d),
      v: this.#floats(v, h, d, e),
    };
    const circuits = await this.#run('circuit', feeds, 'circuit');
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

  /** With G = XᵀX = L·Lᵀ, ‖X·Y‖ = ‖Lᵀ·Y‖ and ‖Y·Xᵀ‖ = ‖Y·L‖: d × d matrices are never made. */
  async factors({ q, k, v, o }: FoldedHeads): Promise<Factors> {
    const { nHeads: h, dHead: e, dModel: d } = this.#place.spec;
    const oT = transposed(o, e, d); // [h, d, e]
    const readers = joined([k, q, oT], h * d * e); // beside q, k and v
    const [readGrams, valueGrams] = [
      await this.#run('gram', { x: this.#floats(readers, 3 * h, d, e) }, 'gram'),
      await this.#run('gram', { x: this.#floats(v, h, d, e) }, 'gram'),
    ];
    const factorsOf = (grams: Float32Array, count: number): Float32Array =>
      joined(
        Array.from({ length: count }, (_, i) => gramFactor(grams, e, i * e * e)),
        e * e,
      );
    const right = await this.#run(
      'product',
      {
        a: this.#floats(joined([q, k, v], h * d * e), 3 * h, d, e),
        b: this.#floats(factorsOf(readGrams, 3 * h), 3 * h, e, e),
      },
      'product',
    );
    const left = await this.#run(
      'product',
      {
        a: this.#floats(transposed(factorsOf(valueGrams, h), e, e), h, e, e),
        b: this.#floats(o, h, e, d),
      },
      'product',
    );
    return { left, right };
  }

  /** @returns f32[h, 3 · h]: squared norms. */
  async compose(left: Float32Array, right: Float32Array): Promise<Float32Array> {
    const { nHeads: h, dHead: e, dModel: d } = this.#place.spec;
    const feeds = { left: this.#floats(left, h * e, d), right: this.#floats(right, 3 * h, d, e) };
    return this.#run('composition', feeds, 'squares');
  }

  async dispose(): Promise<void> {
    for (const session of this.#sessions.values()) await session.release();
  }
}

function joined(parts: readonly Float32Array[], size: number): Float32Array {
  const all = new Float32Array(parts.length * size);
  parts.forEach((part, i) => all.set(part, i * size));
  return all;
}
