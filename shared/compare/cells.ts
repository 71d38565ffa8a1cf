/**
 * Two distributions over one vocabulary, cell by cell: how far apart they are, and how each one's tokens fare in the
 * other. From whole rows of logits, with sums in f64: nothing is cut to the candidates that are listed.
 *
 * Natural logarithms; divergences and entropies in nats. p_A = softmax(z_A), p_B = softmax(z_B).
 *
 * @see Kullback and Leibler 1951, "On Information and Sufficiency"; Lin 1991, "Divergence Measures Based on the
 * Shannon Entropy" (Jensen–Shannon)
 */
import { NumericsError } from '../errors.ts';

/** How tokens fare in a distribution, for every cell. */
export interface Fared {
  /** f32[cells, perCell]; NaN where there is no token, or no distribution. */
  readonly logprobs: Float32Array;
  /** i32[cells, perCell], 0 = top; −1 where logprobs is NaN. Of equals the smaller id stands ahead. */
  readonly ranks: Int32Array;
}

/** One side of the cells. */
export interface ComparedSide {
  /** i32[cells, k] and f32[cells, k], best first; −1 and NaN where this side has no such cell. */
  readonly topIds: Int32Array;
  readonly topLogprobs: Float32Array;
  /** f32[cells], nats. */
  readonly entropy: Float32Array;
  /** How the other side's top token fares here, one a cell. */
  readonly otherTop: Fared;
  /** How the asked-for tokens fare here. */
  readonly targets: Fared;
}

/** Numbers of some cells. NaN where either side has no such cell. */
export interface ComparedCells {
  readonly cells: number;
  readonly k: number;
  readonly perCell: number;
  readonly a: ComparedSide;
  readonly b: ComparedSide;
  /** f32[cells]: KL(p_A ‖ p_B), nats, ≥ 0. */
  readonly klAB: Float32Array;
  /** f32[cells]: KL(p_B ‖ p_A). */
  readonly klBA: Float32Array;
  /** f32[cells]: Jensen–Shannon divergence, 0 to ln 2. */
  readonly js: Float32Array;
}

/** Logits of one side. */
export interface LogitRows {
  /** f32[rows, stride] */
  readonly logits: Float32Array;
  /** Logits a row: the model's own number of them. */
  readonly stride: number;
  /** By cell, its row in `logits`; −1 for none. */
  readonly rows: readonly number[];
}

export interface CompareRequest {
  /** Ids that both sides share: distributions are over these. */
  readonly vocab: number;
  readonly k: number;
  /** i32[cells, perCell]; −1 for none. */
  readonly targets: Int32Array;
  readonly perCell: number;
}

/** Bytes of logits of each side that are held at a time. */
const CHUNK_BYTES = 16e6;

/** Cells that are compared at a time. */
export function cellsAtOnce(dVocab: number): number {
  return Math.max(1, Math.floor(CHUNK_BYTES / (4 * dVocab)));
}

/** exp(−45) is under 3e-20: a whole vocabulary of such terms does not reach the last digit of a sum. */
const NEGLIGIBLE = -45;

/** @throws {NumericsError} for logits that are no distribution. */
export function compareCells(a: LogitRows, b: LogitRows, request: CompareRequest): ComparedCells {
  const cells = a.rows.length;
  const found = emptyCells(cells, request.k, request.perCell);
  for (let cell = 0; cell < cells; cell++) {
    const [p, q] = [distributionOf(a, cell, request.vocab), distributionOf(b, cell, request.vocab)];
    if (p) readOne(found.a, p, cell, request);
    if (q) readOne(found.b, q, cell, request);
    if (!p || !q) continue;
    fare(found.b.otherTop, cell, q, found.a.topIds[cell * request.k] ?? -1);
    fare(found.a.otherTop, cell, p, found.b.topIds[cell * request.k] ?? -1);
    const { klAB, klBA, js } = divergences(p, q);
    found.klAB[cell] = klAB;
    found.klBA[cell] = klBA;
    found.js[cell] = js;
  }
  return found;
}

/** Cells of which nothing is known. */
export function emptyCells(cells: number, k: number, perCell: number): ComparedCells {
  const floats = (length: number): Float32Array => new Float32Array(length).fill(NaN);
  const ids = (length: number): Int32Array => new Int32Array(length).fill(-1);
  const side = (): ComparedSide => ({
    topIds: ids(cells * k),
    topLogprobs: floats(cells * k),
    entropy: floats(cells),
    otherTop: { logprobs: floats(cells), ranks: ids(cells) },
    targets: { logprobs: floats(cells * perCell), ranks: ids(cells * perCell) },
  });
  const of = { cells, k, perCell };
  return { ...of, a: side(), b: side(), klAB: floats(cells), klBA: floats(cells), js: floats(cells) };
}

interface Distribution {
  /** Logits over the shared ids. */
  readonly z: Float32Array;
  /** logsumexp of them. */
  readonly logZ: number;
  readonly entropy: number;
}

function distributionOf(
  { logits, stride, rows }: LogitRows,
  cell: number,
  vocab: number,
): Distribution | undefined {
  const row = rows[cell] ?? -1;
  if (row < 0) return undefined;
  const z = logits.subarray(row * stride, row * stride + vocab);
  let max = -Infinity;
  for (let i = 0; i < z.length; i++) if ((z[i] as number) > max) max = z[i] as number;
  let [sum, weighted] = [0, 0];
  for (let i = 0; i < z.length; i++) {
    const d = (z[i] as number) - max;
    if (d < NEGLIGIBLE) continue;
    const e = Math.exp(d);
    sum += e;
    weighted += d * e;
  }
  if (z.length !== vocab || !Number.isFinite(sum) || !(sum > 0)) {
    throw new NumericsError(
      `compare: a row of logits is no distribution over ${vocab} tokens: the weights are damaged, or this device computes wrong. Try the other device.`,
    );
  }
  return { z, logZ: max + Math.log(sum), entropy: Math.max(0, Math.log(sum) - weighted / sum) };
}

function readOne(side: ComparedSide, d: Distribution, cell: number, request: CompareRequest): void {
  const { k, targets, perCell } = request;
  side.entropy[cell] = d.entropy;
  best(
    d,
    side.topIds.subarray(cell * k, (cell + 1) * k),
    side.topLogprobs.subarray(cell * k, (cell + 1) * k),
  );
  for (let at = cell * perCell; at < (cell + 1) * perCell; at++) fare(side.targets, at, d, targets[at] ?? -1);
}

/** The most likely tokens, best first, by insertion: few logits pass the last one's. Of equals the smaller id first. */
function best({ z, logZ }: Distribution, ids: Int32Array, logprobs: Float32Array): void {
  const k = ids.length;
  const values = new Float64Array(k).fill(-Infinity);
  let least = -Infinity;
  for (let id = 0; id < z.length; id++) {
    const value = z[id] as number;
    if (!(value > least)) continue;
    let at = k - 1;
    while (at > 0 && value > (values[at - 1] as number)) {
      values[at] = values[at - 1] as number;
      ids[at] = ids[at - 1] as number;
      at--;
    }
    values[at] = value;
    ids[at] = id;
    least = values[k - 1] as number;
  }
  for (let i = 0; i < k; i++) logprobs[i] = Math.min(0, (values[i] as number) - logZ);
}

function fare({ logprobs, ranks }: Fared, at: number, { z, logZ }: Distribution, id: number): void {
  const value = z[id];
  if (id < 0 || value === undefined) return;
  let ahead = 0;
  for (let i = 0; i < z.length; i++) {
    const other = z[i] as number;
    if (other > value || (other === value && i < id)) ahead++;
  }
  logprobs[at] = Math.min(0, value - logZ);
  ranks[at] = ahead;
}

function divergences(p: Distribution, q: Distribution): { klAB: number; klBA: number; js: number } {
  let [klAB, klBA, js] = [0, 0, 0];
  for (let i = 0; i < p.z.length; i++) {
    const lp = (p.z[i] as number) - p.logZ;
    const lq = (q.z[i] as number) - q.logZ;
    const top = Math.max(lp, lq);
    if (top < NEGLIGIBLE) continue;
    const [ep, eq] = [Math.exp(lp), Math.exp(lq)];
    klAB += ep * (lp - lq);
    klBA += eq * (lq - lp);
    // ln of the mean of the two, without leaving the logarithms.
    const mean = top + Math.log1p(Math.exp(-Math.abs(lp - lq))) - Math.LN2;
    js += (ep * (lp - mean) + eq * (lq - mean)) / 2;
  }
  return { klAB: Math.max(0, klAB), klBA: Math.max(0, klBA), js: Math.min(Math.max(0, js), Math.LN2) };
}

/** Cells one after the other: a row that was read in parts. */
export function joinCells(parts: readonly ComparedCells[]): ComparedCells {
  const [first] = parts;
  if (first && parts.length === 1) return first;
  const floats = (of: (part: ComparedCells) => Float32Array): Float32Array =>
    Float32Array.from(parts.flatMap((part) => [...of(part)]));
  const ids = (of: (part: ComparedCells) => Int32Array): Int32Array =>
    Int32Array.from(parts.flatMap((part) => [...of(part)]));
  const side = (which: 'a' | 'b'): ComparedSide => ({
    topIds: ids((part) => part[which].topIds),
    topLogprobs: floats((part) => part[which].topLogprobs),
    entropy: floats((part) => part[which].entropy),
    otherTop: {
      logprobs: floats((part) => part[which].otherTop.logprobs),
      ranks: ids((part) => part[which].otherTop.ranks),
    },
    targets: {
      logprobs: floats((part) => part[which].targets.logprobs),
      ranks: ids((part) => part[which].targets.ranks),
    },
  });
  return {
    cells: parts.reduce((sum, { cells }) => sum + cells, 0),
    k: first?.k ?? 0,
    perCell: first?.perCell ?? 0,
    a: side('a'),
    b: side('b'),
    klAB: floats((part) => part.klAB),
    klBA: floats((part) => part.klBA),
    js: floats((part) => part.js),
  };
}
