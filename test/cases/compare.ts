/** Numbers held against goldens, by the stated tolerance. Pure, so that it runs in Node and in a page. */

/** What a comparison found: the largest deviation, and where it is. NaN anywhere makes it NaN, which passes nothing. */
export interface Deviation {
  readonly worst: number;
  readonly at: string;
}

export const NO_DEVIATION: Deviation = { worst: 0, at: '' };

/** f32 compute against f32 goldens. */
export const TOLERANCE = {
  /** ‖ours − theirs‖₂ / ‖theirs‖₂ of one vector. */
  vector: 1e-4,
  /** |Δ| of an attention weight. */
  attention: 1e-4,
  /** |Δ log p| of the top ten, of a target; nats. */
  logprob: 1e-3,
  /** |Δ| of an entropy or a KL; nats. */
  nats: 1e-3,
} as const;

/** Products in f16 with sums in f32, against the same f32 goldens: docs/models.md has what was measured. */
export const F16_TOLERANCE = { vector: 0.02, attention: 0.01, logprob: 0.1 } as const;

/** The worse of two; NaN is worst. */
export function worse(a: Deviation, b: Deviation): Deviation {
  if (Number.isNaN(a.worst)) return a;
  return a.worst >= b.worst ? a : b;
}

/** True when the deviation is a number within the bound. */
export function within({ worst }: Deviation, bound: number): boolean {
  return worst <= bound;
}

/**
 * ‖ours − theirs‖₂ / ‖theirs‖₂ of each vector along the last axis: the largest.
 *
 * @param ours f32[rows, width]
 * @param theirs f32[rows, width]
 */
export function vectorDeviation(ours: Float32Array, theirs: Float32Array, width: number): Deviation {
  checkLength(ours, theirs);
  let found = NO_DEVIATION;
  for (let row = 0; row * width < theirs.length; row++) {
    let [difference, length] = [0, 0];
    for (let i = row * width; i < (row + 1) * width; i++) {
      const [a, b] = [ours[i] as number, theirs[i] as number];
      difference += (a - b) ** 2;
      length += b * b;
    }
    // A zero vector is met by a zero vector only.
    const relative = length > 0 ? Math.sqrt(difference / length) : difference === 0 ? 0 : Infinity;
    found = worse(found, { worst: difference >= 0 ? relative : NaN, at: `row ${row}` });
  }
  return found;
}

/** The largest |ours − theirs|. */
export function absoluteDeviation(ours: ArrayLike<number>, theirs: ArrayLike<number>): Deviation {
  checkLength(ours, theirs);
  let found = NO_DEVIATION;
  for (let i = 0; i < theirs.length; i++) {
    const worst = Math.abs((ours[i] as number) - (theirs[i] as number));
    // NaN on both sides says the same thing: there is nothing to read here.
    if (Number.isNaN(theirs[i]) && Number.isNaN(ours[i])) continue;
    if (!(worst <= found.worst)) found = worse(found, { worst, at: `element ${i}` });
  }
  return found;
}

/** Scores below this are masked: each implementation has its own number for it. */
const MASKED = -1e30;

/**
 * Attention scores: at each dest position all heads' visible scores are one vector. What theirs masks, ours must, and
 * nothing else.
 *
 * @param ours f32[head, dest, src]
 * @param theirs f32[head, dest, src]
 */
export function scoresDeviation(
  ours: Float32Array,
  theirs: Float32Array,
  [heads, dests, srcs]: readonly [number, number, number],
): Deviation {
  checkLength(ours, theirs);
  let found = NO_DEVIATION;
  for (let dest = 0; dest < dests; dest++) {
    const [a, b]: [number[], number[]] = [[], []];
    for (let head = 0; head < heads; head++) {
      for (let src = 0; src < srcs; src++) {
        const i = (head * dests + dest) * srcs + src;
        const [x, y] = [ours[i] as number, theirs[i] as number];
        if (x < MASKED !== y < MASKED) return { worst: Infinity, at: `dest ${dest}, src ${src}: the mask` };
        if (y < MASKED) continue;
        a.push(x);
        b.push(y);
      }
    }
    const { worst } = vectorDeviation(Float32Array.from(a), Float32Array.from(b), b.length);
    found = worse(found, { worst, at: `dest ${dest}` });
  }
  return found;
}

export interface TopList {
  readonly ids: ArrayLike<number>;
  readonly logprobs: ArrayLike<number>;
}

/**
 * The top tokens of one distribution. An id may stand in another place than in theirs, or be missing there, only
 * where the log-probabilities tie within the tolerance.
 *
 * @returns the largest |Δ log p|; Infinity when a token is there that has no business there.
 */
export function topDeviation(ours: TopList, theirs: TopList): Deviation {
  checkLength(ours.ids, theirs.ids);
  checkLength(ours.logprobs, theirs.logprobs);
  const k = theirs.ids.length;
  let found = absoluteDeviation(ours.logprobs, theirs.logprobs);
  const seen = new Set<number>();
  for (let i = 0; i < k; i++) {
    const id = ours.ids[i] as number;
    if (seen.has(id)) return { worst: Infinity, at: `rank ${i}: token ${id} stands there twice` };
    seen.add(id);
    const place = Array.prototype.indexOf.call(theirs.ids, id);
    // A token that theirs leaves out must tie with their last.
    const expected = theirs.logprobs[place < 0 ? k - 1 : place] as number;
    const gap = Math.abs((ours.logprobs[i] as number) - expected);
    if (!(gap <= TOLERANCE.logprob)) {
      return { worst: Infinity, at: `rank ${i}: got token ${id}, expected ${String(theirs.ids[i])}` };
    }
    found = worse(found, { worst: gap, at: `rank ${i}` });
  }
  return found;
}

function checkLength(ours: ArrayLike<unknown>, theirs: ArrayLike<unknown>): void {
  if (ours.length !== theirs.length) {
    throw new Error(`expected ${theirs.length} numbers, got ${ours.length}`);
  }
}
