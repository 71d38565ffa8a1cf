/** The comparisons that parity rests on fail where they should. */
import { describe, expect, it } from 'vitest';
import { readState } from '../cases/lens-reference.ts';
import { scoresDeviation, within } from '../cases/compare.ts';

/** One head, two dests, two srcs; what is masked has each side's own number. */
const ours = Float32Array.of(1, -1e38, 2, 3);
const theirs = Float32Array.of(1, -3.4e38, 2, 3);
const SHAPE = [1, 2, 2] as const;

describe('attention scores', () => {
  const worst = (changed: Float32Array) => scoresDeviation(changed, theirs, SHAPE).worst;

  it('agree where masked numbers differ', () => expect(worst(ours)).toBe(0));

  it('differ where one is masked and the other is not', () => {
    expect(worst(ours.with(1, 0))).toBe(Infinity);
    expect(worst(ours.with(2, -1e38))).toBe(Infinity);
  });

  it('differ by what is visible', () => {
    expect(worst(ours.with(3, 3.1))).toBeCloseTo(0.1 / Math.sqrt(13), 5);
    expect(within({ worst: worst(ours.with(0, NaN)), at: '' }, Infinity)).toBe(false);
  });
});

describe('the lens by its definition', () => {
  const gain = Float32Array.of(1, 2);
  const unembed = Float32Array.of(1, 0, 0, 1);
  const logit = (norm: 'layer' | 'rms', token: number) => {
    const state = Float32Array.of(3, 1);
    const d = readState(state, { norm, eps: 0, gain, bias: undefined, unembed });
    return (d.logprobs[token] ?? NaN) + d.logZ;
  };

  it('keeps the mean in an RMS norm and takes it off in a layer norm', () => {
    expect(logit('rms', 0)).toBeCloseTo(3 / Math.sqrt(5));
    expect(logit('rms', 1)).toBeCloseTo(2 / Math.sqrt(5));
    expect(logit('layer', 0)).toBeCloseTo(1);
    expect(logit('layer', 1)).toBeCloseTo(-2);
  });
});
