/** Heads' and neurons' scores without a model: circuits, repeated tokens, labels, the pair, cosines, whose logit. */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import type { NeuronPage, NeuronWrite } from '../../engine/neurons-api.ts';
import { cosineEdges, cosineHistogram, neuronRows, rowCosines } from '../../shared/deletion.ts';
import {
  copyingScore,
  frobenius,
  gramFactor,
  packSymmetric,
  randomComposition,
} from '../../shared/heads/circuits.ts';
import {
  byScore,
  inductionPair,
  inductionSentence,
  labelsOf,
  PATTERN_SCORES,
  scoreAt,
  type PatternScores,
} from '../../shared/heads/reading.ts';
import { inductionScores } from '../../shared/heads/repeated.ts';
import { seeded } from '../../shared/random.ts';
import { readLogitChoice, writeLogitChoice } from '../../site/controllers/logit-choice.ts';
import {
  deletionSaid,
  neuronCode,
  orderedWrites,
  readNeuron,
  trendSaid,
} from '../../site/controllers/neurons.ts';
import { decimals } from '../../site/controllers/numbers.ts';

function noise(count: number, seed: number): Float32Array {
  const random = seeded(seed);
  return Float32Array.from({ length: count }, () => 2 * random.next() - 1);
}

function matrix(data: ArrayLike<number>, rows: number, columns: number): Matrix {
  return Matrix.from1DArray(rows, columns, Array.from(data));
}

describe('copying', () => {
  it('by the d_head × d_head matrix is that of the whole circuit from token to token', () => {
    const [vocab, d, e] = [40, 12, 4];
    for (const seed of [1, 2, 3]) {
      const embed = matrix(noise(vocab * d, seed), vocab, d);
      const unembed = matrix(noise(vocab * d, seed + 10), vocab, d);
      const value = matrix(noise(d * e, seed + 20), d, e);
      const out = matrix(noise(e * d, seed + 30), e, d);
      const whole = embed.mmul(value).mmul(out).mmul(unembed.transpose());
      const small = out.mmul(unembed.transpose()).mmul(embed).mmul(value);
      const { realEigenvalues, imaginaryEigenvalues } = new EigenvalueDecomposition(whole);
      const moduli = realEigenvalues.map((re, i) => Math.hypot(re, imaginaryEigenvalues[i] ?? 0));
      const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
      expect(copyingScore(small.to1DArray(), e, 1)).toBeCloseTo(sum(realEigenvalues) / sum(moduli), 6);
    }
  });

  it('is 1 for what copies, −1 for what deletes, none for nothing, and refuses what is not finite', () => {
    expect(copyingScore([2, 0, 0, 3], 2, 1)).toBeCloseTo(1, 12);
    expect(copyingScore([-2, 1, 0, -3], 2, 1)).toBeCloseTo(-1, 12);
    expect(copyingScore([0, 1, -1, 0], 2, 1)).toBeCloseTo(0, 12);
    expect(copyingScore([0, 0, 0, 0], 2, 1)).toBeNaN();
    expect(copyingScore([0, 1, 0, 0], 2, 1)).toBeNaN();
    expect(copyingScore([1e-9, 0, 0, 1e-9], 2, 1)).toBeNaN();
    expect(() => copyingScore([NaN, 0, 0, 1], 2, 1)).toThrow('a circuit is not finite');
  });
});

describe('composition', () => {
  it('keeps norms and inner products through factors and packing', () => {
    const [d, e] = [9, 3];
    const x = matrix(noise(d * e, 5), d, e);
    const gram = x.transpose().mmul(x);
    const l = matrix(gramFactor(gram.to1DArray(), e), e, e);
    expect(Matrix.sub(l.mmul(l.transpose()), gram).norm()).toBeLessThan(1e-5 * gram.norm());
    // Of rank 1: the columns behind the first are zero.
    expect([...gramFactor([1, 2, 2, 4], 2)]).toEqual([1, 0, 2, 0]);
    const [a, b] = [6, 7].map((seed) => {
      const y = matrix(noise(d * d, seed), d, d);
      return y.mmul(y.transpose());
    }) as [Matrix, Matrix];
    const packed = packSymmetric(Float32Array.from([...a.to1DArray(), ...b.to1DArray()]), d);
    const half = packed.length / 2;
    expect(frobenius(packed, 0, half)).toBeCloseTo(a.norm(), 3);
    let inner = 0;
    for (let i = 0; i < half; i++) inner += (packed[i] as number) * (packed[half + i] as number);
    expect(inner / a.clone().mul(b).sum()).toBeCloseTo(1, 5);
  });

  it('of random heads is what random matrices come to, written out', () => {
    const [d, e] = [24, 6];
    const random = seeded(3);
    const gauss = (rows: number, columns: number): Matrix =>
      Matrix.zeros(rows, columns).apply(function (this: Matrix, i, j) {
        this.set(i, j, Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next()));
      });
    let mean = 0;
    for (let draw = 0; draw < 40; draw++) {
      const [one, two] = [gauss(d, e).mmul(gauss(e, d)), gauss(d, e).mmul(gauss(e, d))];
      mean += one.mmul(two).norm() / one.norm() / two.norm() / 40;
    }
    const ours = Array.from({ length: 10 }, (_, seed) => randomComposition(d, e, seed) / 10);
    expect(ours.reduce((a, b) => a + b, 0) / mean).toBeCloseTo(1, 1);
    expect(randomComposition(d, e, 7)).toBe(randomComposition(d, e, 7));
    expect(randomComposition(d, e, 7)).not.toBe(randomComposition(d, e, 8));
  });
});

/** Two layers of two heads; scores by name and place, 0 elsewhere. */
function patterns(given: Partial<Record<(typeof PATTERN_SCORES)[number], readonly number[]>>): PatternScores {
  const table = (values: readonly number[] = [0, 0, 0, 0]) => ({
    mean: Float32Array.from(values),
    deviation: new Float32Array(4),
  });
  return Object.fromEntries(PATTERN_SCORES.map((name) => [name, table(given[name])])) as PatternScores;
}

describe('scores and labels', () => {
  it('induction is the attention to what followed the earlier copy', () => {
    // bos a b a b: the second a (3) looks at b (2), the second b (4) at the second a (3).
    const tokens = 5;
    const pattern = new Float32Array(2 * tokens * tokens);
    pattern[3 * tokens + 2] = 0.8;
    pattern[4 * tokens + 3] = 0.4;
    expect([...inductionScores(pattern, 2, { length: 2, start: 1 })]).toEqual([expect.closeTo(0.6, 6), 0]);
  });

  it('a head is called by what is high enough, deleting only where it looks at its own token', () => {
    const found = patterns({
      previous: [0.7, 0, 0, 0],
      present: [0, 0.6, 0.1, 0],
      induction: [0, 0, 0, 0.39],
    });
    const copying = Float32Array.from([0.5, -0.9, -0.9, NaN]);
    expect([0, 1, 2, 3].map((at) => labelsOf(found, copying, at))).toEqual([
      ['previous token', 'copying'],
      ['deleting', 'present token'],
      [],
      [],
    ]);
    const reading = { patterns: found, copying };
    expect(byScore(reading, 'copying')).toEqual([0, 1, 2, 3]);
    expect(byScore(reading, 'deleting')[0]).toBe(1);
    expect(scoreAt(reading, 'deleting', 1)).toBeCloseTo(0.54, 6);
    expect(scoreAt(reading, 'deleting', 3)).toBeNaN();
  });

  it('the pair is a previous-token head and an induction head behind it, by K-composition', () => {
    const shape = { layers: 2, heads: 2 };
    const found = patterns({ previous: [0.5, 0.9, 0, 0.6], induction: [0, 0.9, 0.8, 0.5] });
    const k = new Float32Array(16).fill(NaN);
    k[0 * 4 + 2] = 0.3; // 0.0 → 1.0
    k[1 * 4 + 2] = 0.1; // 0.1 → 1.0
    const composition = { q: undefined, k, v: k, baseline: 0.05 };
    const pair = inductionPair(found, composition, shape);
    expect(pair).toMatchObject({ previous: { layer: 0, head: 0 }, induction: { layer: 1, head: 0 } });
    expect(inductionSentence(found, pair, shape)).toContain('K-composition 0.300 above random heads');
    // Without composition, by the scores; never a head of the same layer.
    expect(inductionPair(found, undefined, shape)).toMatchObject({ previous: { layer: 0, head: 1 } });
    const none = patterns({ previous: [0, 0, 0.9, 0], induction: [0, 0, 0, 0.9] });
    expect(inductionPair(none, undefined, shape)).toBeUndefined();
    expect(inductionSentence(none, undefined, shape)).toMatch(
      /^No induction pair: .*\(head 1\.0\).*\(head 1\.1\)\.$/,
    );
  });
});

describe('cosines of keys and values', () => {
  it('reads rows of either layout, folded, and counts them', () => {
    const data = Float32Array.from([1, 2, 3, 4, 5, 6]);
    const stored = { data, layout: 'in-out', inputs: 2, outputs: 3 } as const;
    expect([...neuronRows(stored, 'inputs')]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...neuronRows(stored, 'outputs')]).toEqual([1, 4, 2, 5, 3, 6]);
    expect([...neuronRows({ ...stored, layout: 'out-in', inputs: 3, outputs: 2 }, 'outputs')]).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
    expect(
      [...neuronRows(stored, 'inputs', { gain: [1, 0, 1], after: true })].map((x) => +x.toFixed(3)),
    ).toEqual([-0.333, -1.333, 1.667, 0.667, -3.333, 2.667]);
    const cosines = rowCosines(
      Float64Array.from([1, 0, 0, 2, 0, 0]),
      Float64Array.from([-3, 0, 1, 1, 1, 1]),
      2,
    );
    expect([...cosines]).toEqual([-1, expect.closeTo(Math.SQRT1_2, 6), NaN]);
    expect([...cosineHistogram(cosines, 4)]).toEqual([1, 0, 0, 1]);
    expect([...cosineHistogram(Float32Array.from([1, -1, 0]), 2)]).toEqual([1, 2]);
    expect([...cosineEdges(4)]).toEqual([-1, -0.5, 0, 0.5, 1]);
    expect(() => rowCosines(new Float64Array(4), new Float64Array(6), 2)).toThrow('expected rows of 2');
  });
});

describe('whose logit, and which neuron, in the address', () => {
  it.each([
    [undefined, {}, undefined],
    ['471', { target: 471 }, '471'],
    ['top-12', { against: 12 }, 'top-12'],
    ['471-mean', { target: 471, against: 'mean' }, '471-mean'],
    ['471-471', { target: 471 }, '471'],
    ['471-9999', { target: 471 }, '471'],
    ['9999', {}, undefined],
    ['471;drop', {}, undefined],
  ] as const)('%s', (text, expected, again) => {
    const choice = readLogitChoice(text, 1000);
    expect(choice).toEqual({ target: undefined, against: undefined, ...expected });
    expect(writeLogitChoice(choice)).toBe(again);
  });

  it('neurons of the model alone', () => {
    const shape = { nLayers: 8, dMlp: 768 };
    expect(readNeuron('7.767', shape)).toEqual({ layer: 7, neuron: 767 });
    expect(neuronCode({ layer: 7, neuron: 767 })).toBe('7.767');
    for (const wrong of [undefined, '', '8.0', '7.768', '7', '7.1.2', '-1.2', '1e1.2']) {
      expect(readNeuron(wrong, shape)).toBeUndefined();
    }
  });
});

describe('neurons in words', () => {
  it('says how a value lies to its key, and what shares do with depth', () => {
    const page = (cosine: number, gateCosine?: number): NeuronPage =>
      ({ cosine, gateCosine }) as unknown as NeuronPage;
    expect(deletionSaid(page(-0.82))).toMatch(/points against its key \(cosine −0\.82\): it takes away/);
    expect(deletionSaid(page(0.5))).toMatch(/points along/);
    expect(deletionSaid(page(0.02))).toMatch(/lies across its key \(cosine 0\.02\)/);
    expect(deletionSaid(page(-0.82, 0.1))).toMatch(/gate’s weights: 0\.10\).*the gate’s sign/);
    expect(trendSaid([0.01, 0.01, 0.03, 0.05], [0, 0, 0, 0])).toBe(
      'The share grows with depth: 1.0% in the lower half of the layers, 4.0% in the upper half, 0.0% by chance.',
    );
    expect(trendSaid([0.05, NaN, 0.01, 0.01], [0, 0, 0, 0])).toMatch(/^The share shrinks/);
    expect(trendSaid([0.05, 0.05], [0, 0])).toMatch(/^The share neither/);
    expect([decimals(-0.001), decimals(-1.5), decimals(NaN), decimals(0.1256, 3)]).toEqual([
      '0.00',
      '−1.50',
      '–',
      '0.126',
    ]);
  });

  it('orders writes by size, whatever their sign', () => {
    const write = (neuron: number, length: number, moves: number): NeuronWrite =>
      ({ neuron, length, moves }) as unknown as NeuronWrite;
    const list = [write(0, 1, -3), write(1, 2, 1), write(2, 3, 2)];
    expect(orderedWrites(list, 'moves').map(({ neuron }) => neuron)).toEqual([0, 2, 1]);
    expect(orderedWrites(list, 'length').map(({ neuron }) => neuron)).toEqual([2, 1, 0]);
  });
});
