/**
 * Drawing the next token: temperature, top-k and top-p over whole rows of logits, from a seed. Pure, so that the same
 * prompt, settings and seed give the same text on every device whose logits agree.
 */
import { InputError } from './errors.ts';
import { seeded, type Random } from './random.ts';

export interface Sampling {
  /** Logits are divided by it; 0: always the top token. */
  readonly temperature: number;
  /** Only the k likeliest; 0: all. */
  readonly topK: number;
  /** Only the fewest likeliest whose probabilities, after temperature and top-k, reach p; 1: all. */
  readonly topP: number;
}

export const SAMPLING: Sampling = { temperature: 1, topK: 0, topP: 1 };

/** A token that may be drawn, and how likely. */
export interface Drawable {
  readonly id: number;
  /** After temperature, top-k and top-p: sums to one over all that may be drawn. */
  readonly probability: number;
}

/**
 * All that may be drawn, likeliest first; of equal logits the smaller id comes first.
 *
 * @param logits f32[vocab]
 * @throws {InputError} `sampling: temperature: expected a number from 0 to 100, got -1`
 * @see Holtzman et al. 2019, "The Curious Case of Neural Text Degeneration" (top-p)
 */
export function drawable(logits: Float32Array, { temperature, topK, topP }: Sampling): Drawable[] {
  check('temperature', temperature, temperature >= 0 && temperature <= 100, 'a number from 0 to 100');
  check('top-k', topK, Number.isInteger(topK) && topK >= 0, 'a whole number from 0');
  check('top-p', topP, topP > 0 && topP <= 1, 'a number above 0, at most 1');
  const order = Array.from(logits.keys()).sort(
    (a, b) => (logits[b] as number) - (logits[a] as number) || a - b,
  );
  const best = order[0];
  if (best === undefined) throw new InputError('sampling: logits: expected at least one, got none');
  if (temperature === 0) return [{ id: best, probability: 1 }];
  const top = logits[best] as number;
  const kept = topK > 0 ? order.slice(0, topK) : order;
  const weights = kept.map((id) => Math.exp(((logits[id] as number) - top) / temperature));
  const all = weights.reduce((sum, w) => sum + w, 0);
  let count = 0;
  let mass = 0;
  while (count < kept.length && (count === 0 || mass < topP * all)) mass += weights[count++] as number;
  return kept.slice(0, count).map((id, i) => ({ id, probability: (weights[i] as number) / mass }));
}

/** One of them, by its probability. */
export function draw(candidates: readonly Drawable[], random: Random): Drawable {
  let left = random.next();
  for (const candidate of candidates) {
    left -= candidate.probability;
    if (left < 0) return candidate;
  }
  // Rounding may leave a little over.
  return candidates[candidates.length - 1] as Drawable;
}

/**
 * The numbers that the token at a position is drawn with: of seed and position alone, so that what is taken back and
 * drawn again comes out the same, and one more step does not depend on how many were asked for at once.
 */
export function randomAt(seed: number, pos: number): Random {
  return seeded((seed ^ Math.imul(pos + 1, 0x9e3779b1)) | 0);
}

function check(name: string, value: number, right: boolean, expected: string): void {
  if (!right) throw new InputError(`sampling: ${name}: expected ${expected}, got ${value}`);
}
