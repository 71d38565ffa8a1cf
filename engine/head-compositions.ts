/**
 * Composition of every pair of heads. With W_OV = V·O and M = Oᵀ(VᵀV)O, and what a later head reads as A·B, with
 * N = A(BᵀB)Aᵀ, ‖W_OV·A·B‖² is the inner product of M and N: d²/2 products a pair, many pairs at once, where the
 * product of the factors takes d·e². M and N are symmetric d × d matrices, of every earlier head one kept; where that
 * would be too much, the factors are. Axes: h head, e d_head, d d_model.
 */
import { MemoryError, throwIfCancelled } from '../shared/errors.ts';
import { compositionGraph, gramGraph, innerGraph, outerGraph, productGraph } from '../shared/graph/heads.ts';
import {
  frobenius,
  gramFactor,
  packedSize,
  packSymmetric,
  randomComposition,
} from '../shared/heads/circuits.ts';
import type { Composition } from '../shared/heads/reading.ts';
import type { FoldedHeads } from '../shared/heads/weights.ts';
import { transposed } from '../shared/transpose.ts';
import { nextTask, type Workplace } from './average-readings.ts';
import { HeadProducts } from './head-products.ts';

/** Bytes that the kept matrices may take: as symmetric matrices, and as factors. */
const SYMMETRIC_BYTES = 2 ** 28;
const FACTOR_BYTES = 2 ** 30;
/** Bytes of kept matrices that go into one product. */
const STEP_BYTES = 48 * 2 ** 20;

/** Matrices of a layer's heads, made small: ‖A·B‖ = ‖left·right‖. */
interface Factors {
  /** f32[h, e, d]: as long as W_OV seen from behind. */
  readonly left: Float32Array;
  /** f32[3 · h, d, e]: W_QK by its queries, by its keys, and W_OV, seen from before. */
  readonly right: Float32Array;
}

/** Heads of layers that are done: their matrices, and how long they are. */
interface Earlier {
  readonly first: number;
  readonly data: Float32Array;
  readonly norms: readonly number[];
}

export class Compositions {
  readonly #place: Workplace;
  readonly #products: HeadProducts;
  readonly #tables: readonly Float32Array[];
  readonly #baseline: number;
  readonly #symmetric: boolean;
  readonly #earlier: Earlier[] = [];

  /** @throws {MemoryError} when what has to be kept would not fit. */
  constructor(place: Workplace, seed: number) {
    const { nLayers, nHeads: h, dHead: e, dModel: d } = place.spec;
    const cells = nLayers * h;
    this.#symmetric = d + 1 < 2 * e * e && cells * packedSize(d) * 4 <= SYMMETRIC_BYTES;
    const kept = cells * e * d * 4;
    if (!this.#symmetric && kept > FACTOR_BYTES) {
      throw new MemoryError(
        `heads: composition of ${nLayers} × ${h} heads keeps ${Math.round(kept / 2 ** 20)} MiB, more than the ${FACTOR_BYTES / 2 ** 20} MiB allowed: leave composition out`,
      );
    }
    this.#place = place;
    this.#products = new HeadProducts(place.machine.runtime, {
      gram: gramGraph,
      outer: outerGraph,
      product: productGraph,
      inner: innerGraph,
      squares: () => compositionGraph(d, e, 3 * h),
    });
    this.#tables = [0, 1, 2].map(() => new Float32Array(cells * cells).fill(NaN));
    this.#baseline = randomComposition(d, e, seed);
  }

  /** The next layer: composes every earlier head into its heads, and keeps it. */
  async add(layer: number, folded: FoldedHeads, signal: AbortSignal | undefined): Promise<void> {
    const { nHeads: h, dHead: e, dModel: d } = this.#place.spec;
    const { left, right } = await this.#factors(folded);
    const rightNorms = norms(right, 3 * h, d * e);
    const readers = this.#symmetric && layer > 0 ? await this.#packed('outer', right, 3 * h, d, e) : right;
    for (const earlier of this.#steps()) {
      await nextTask();
      throwIfCancelled(signal);
      const squares = await this.#compose(earlier.data, readers);
      earlier.norms.forEach((norm, one) => {
        for (let column = 0; column < 3 * h; column++) {
          this.#set(earlier.first + one, layer * h + (column % h), Math.floor(column / h), {
            square: squares[one * 3 * h + column] as number,
            size: norm * (rightNorms[column] as number),
          });
        }
      });
    }
    if (layer === this.#place.spec.nLayers - 1) return;
    const data = this.#symmetric ? await this.#packed('gram', left, h, e, d) : left;
    this.#earlier.push({ first: layer * h, data, norms: norms(left, h, e * d) });
  }

  result(): Composition {
    const [q, k, v] = this.#tables as [Float32Array, Float32Array, Float32Array];
    const normed = this.#place.spec.weights.blocks.some((block) => block.qNorm ?? block.kNorm);
    return { q: normed ? undefined : q, k: normed ? undefined : k, v, baseline: this.#baseline };
  }

  #set(one: number, two: number, part: number, { square, size }: { square: number; size: number }): void {
    const { nLayers, nHeads } = this.#place.spec;
    const norm = Math.sqrt(Math.max(0, square)); // rounding may leave a zero a little below
    (this.#tables[part] as Float32Array)[one * nLayers * nHeads + two] =
      size > 0 ? norm / size - this.#baseline : NaN;
  }

  /** What goes into one product: as symmetric matrices many layers together. */
  *#steps(): Generator<Earlier> {
    if (!this.#symmetric) return yield* this.#earlier;
    for (let from = 0; from < this.#earlier.length;) {
      const layers: Earlier[] = [];
      for (let bytes = 0; from < this.#earlier.length; from++) {
        const next = this.#earlier[from] as Earlier;
        bytes += next.data.byteLength;
        if (layers.length > 0 && bytes > STEP_BYTES) break;
        layers.push(next);
      }
      const [{ first, data }] = layers as [Earlier];
      yield {
        first,
        data: joined(
          layers.map((each) => each.data),
          data.length,
        ),
        norms: layers.flatMap((each) => each.norms),
      };
    }
  }

  /** Squared norms, f32[earlier heads, 3 · h]. */
  async #compose(earlier: Float32Array, later: Float32Array): Promise<Float32Array> {
    const { nHeads: h, dHead: e, dModel: d } = this.#place.spec;
    const floats = this.#products.floats.bind(this.#products);
    if (!this.#symmetric) {
      return this.#products.run('squares', {
        left: floats(earlier, h * e, d),
        right: floats(later, 3 * h, d, e),
      });
    }
    const size = packedSize(d);
    return this.#products.run('inner', {
      a: floats(earlier, earlier.length / size, size),
      b: floats(later, 3 * h, size),
    });
  }

  /** The d × d matrices of n factors, by their triangles. */
  async #packed(
    product: 'gram' | 'outer',
    factors: Float32Array,
    n: number,
    rows: number,
    columns: number,
  ): Promise<Float32Array> {
    const { dModel: d } = this.#place.spec;
    const packed = new Float32Array(n * packedSize(d));
    const step = Math.max(1, Math.floor(STEP_BYTES / (d * d * 4)));
    for (let from = 0; from < n; from += step) {
      const count = Math.min(step, n - from);
      const x = factors.subarray(from * rows * columns, (from + count) * rows * columns);
      const matrices = await this.#products.run(product, {
        x: this.#products.floats(x, count, rows, columns),
      });
      packed.set(packSymmetric(matrices, d), from * packedSize(d));
    }
    return packed;
  }

  /** With G = XᵀX = L·Lᵀ, ‖X·Y‖ = ‖Lᵀ·Y‖ and ‖Y·Xᵀ‖ = ‖Y·L‖. */
  async #factors({ q, k, v, o }: FoldedHeads): Promise<Factors> {
    const { nHeads: h, dHead: e, dModel: d } = this.#place.spec;
    const floats = this.#products.floats.bind(this.#products);
    const oT = transposed(o, e, d); // [h, d, e]
    const readers = joined([k, q, oT], h * d * e); // beside q, k and v
    const readGrams = await this.#products.run('gram', { x: floats(readers, 3 * h, d, e) });
    const valueGrams = await this.#products.run('gram', { x: floats(v, h, d, e) });
    const factorsOf = (grams: Float32Array, count: number): Float32Array =>
      joined(
        Array.from({ length: count }, (_, i) => gramFactor(grams, e, i * e * e)),
        e * e,
      );
    const right = await this.#products.run('product', {
      a: floats(joined([q, k, v], h * d * e), 3 * h, d, e),
      b: floats(factorsOf(readGrams, 3 * h), 3 * h, e, e),
    });
    const left = await this.#products.run('product', {
      a: floats(transposed(factorsOf(valueGrams, h), e, e), h, e, e),
      b: floats(o, h, e, d),
    });
    return { left, right };
  }

  async dispose(): Promise<void> {
    await this.#products.dispose();
  }
}

function norms(matrices: Float32Array, count: number, size: number): number[] {
  return Array.from({ length: count }, (_, i) => frobenius(matrices, i * size, size));
}

/** @param size numbers of each. */
function joined(parts: readonly Float32Array[], size: number): Float32Array {
  const all = new Float32Array(parts.length * size);
  parts.forEach((part, i) => all.set(part, i * size));
  return all;
}
