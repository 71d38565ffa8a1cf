/** Directions without a model: principal components against numpy, their edge cases, and the experiment's figures. */
import { describe, expect, it } from 'vitest';
import { bootstrapMean, histogramOf, summarize, wilson } from '../../shared/lens/experiment.ts';
import { experimentCsv, type ExperimentRecord } from '../../shared/lens/experiment-files.ts';
import { cosines, norms } from '../../shared/lens/likeness.ts';
import { MAX_GRAM, principalComponents } from '../../shared/lens/principal.ts';
import { decodeGoldens, golden, type Goldens } from '../cases/golden.ts';
import { readBytes, sharedMissing } from '../support/addresses.ts';
import { worst } from '../support/worst.ts';
import { seeded } from '../../shared/random.ts';

const TOLERANCE = 1e-4;
const FAMILIES = [
  'gpt2',
  'gpt_neo',
  'gpt_neox',
  'gpt_neox_sequential',
  'llama',
  'mistral',
  'qwen2',
  'qwen3',
  'gemma3_text',
];

/** f32[rows, pos, d_model] of a golden: the embedding row and every block's output, of prompt 0. */
function stream(goldens: Goldens): { rows: Float32Array[]; pos: number; dModel: number } {
  const pre = golden(goldens, '0.blocks.0.hook_resid_pre');
  const [pos = 0, dModel = 0] = pre.shape;
  const rows = [pre.data];
  for (let layer = 0; goldens.has(`0.blocks.${layer}.hook_resid_post`); layer++) {
    rows.push(golden(goldens, `0.blocks.${layer}.hook_resid_post`).data);
  }
  return { rows, pos, dModel };
}

describe.skipIf(sharedMissing)(
  `against numpy, on the same states${sharedMissing ? `: ${sharedMissing}` : ''}`,
  () => {
    for (const name of FAMILIES) {
      it(name, async () => {
        const numpy = await decodeGoldens(
          'directions',
          await readBytes('test/goldens/directions.safetensors'),
        );
        const { rows, pos, dModel } = stream(
          await decodeGoldens(name, await readBytes(`shared/goldens/${name}/golden.safetensors`)),
        );
        const at = (t: number): Float32Array[] =>
          rows.map((row) => row.subarray(t * dModel, (t + 1) * dModel));
        const towards = at(pos - 1).at(-1) as Float32Array;
        const all = Array.from({ length: pos }, (_, t) => at(t)).flat();
        for (const centred of [true, false]) {
          for (const [where, states] of [
            ['last', at(pos - 1)],
            ['all', all],
          ] as const) {
            const key = `${name}.${centred ? 'centred' : 'plain'}.${where}`;
            const matrix = new Float32Array(states.flatMap((state) => [...state]));
            const ours = principalComponents(matrix, { dModel, centred, components: 2, towards });
            const ratios = golden(numpy, `${key}.ratios`).data;
            expect(ours.ratios).toHaveLength(ratios.length);
            expect(worst(ours.ratios, ratios), key).toBeLessThanOrEqual(TOLERANCE);
            const path = golden(numpy, `${key}.path`).data;
            const scale = path.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
            expect(worst(ours.path, path) / scale, `${key}: path`).toBeLessThanOrEqual(TOLERANCE);
          }
        }
      });
    }
  },
);

/** f32[rows, d] */
function random(rows: number, dModel: number, seed = 1): Float32Array {
  const random = seeded(seed);
  return Float32Array.from({ length: rows * dModel }, () => random.next() - 0.5);
}

describe('principal components', () => {
  const options = { dModel: 3, centred: true, components: 3, towards: new Float32Array([1, 1, 1]) };

  it('of states on a line: one component, which is the line', () => {
    const states = new Float32Array([0, 0, 0, 1, 2, 2, 2, 4, 4]);
    const found = principalComponents(states, { ...options, towards: new Float32Array([2, 4, 4]) });
    expect(found.count).toBe(1);
    expect(found.ratios[0]).toBeCloseTo(1, 12);
    expect(Array.from(found.directions, (v) => v * 3)).toEqual(
      [1, 2, 2].map((v) => expect.closeTo(v, 9) as number),
    );
    expect(Array.from(found.path)).toEqual([-3, 0, 3].map((v) => expect.closeTo(v, 9) as number));
    expect(Array.from(found.mean)).toEqual([1, 2, 2]);
  });

  it('point to the last state', () => {
    const states = random(7, 12);
    const mean = (i: number): number =>
      Array.from({ length: 7 }, (_, r) => states[r * 12 + i] as number).reduce((a, b) => a + b, 0) / 7;
    for (const centred of [true, false]) {
      const towards = states.subarray(72);
      const found = principalComponents(states, { dModel: 12, centred, components: 6, towards });
      expect(found.count).toBe(6);
      for (let c = 0; c < 6; c++) {
        const along = Array.from(
          { length: 12 },
          (_, i) =>
            (found.directions[c * 12 + i] as number) * ((towards[i] as number) - (centred ? mean(i) : 0)),
        );
        const product = along.reduce((a, b) => a + b, 0);
        expect(product).toBeGreaterThan(0);
        expect(found.path[6 * found.count + c]).toBeCloseTo(product, 9);
      }
    }
  });

  it('are the same by the Gram matrix of the states and by that of the dimensions', () => {
    // 5 states of width 5 go one way; with a dimension cut off, 5 of width 4 the other: pad with zeros to compare.
    const narrow = random(5, 4);
    const wide = new Float32Array(5 * 9);
    for (let r = 0; r < 5; r++) wide.set(narrow.subarray(r * 4, (r + 1) * 4), r * 9);
    const a = principalComponents(narrow, {
      dModel: 4,
      centred: true,
      components: 3,
      towards: narrow.subarray(0, 4),
    });
    const b = principalComponents(wide, {
      dModel: 9,
      centred: true,
      components: 3,
      towards: wide.subarray(0, 9),
    });
    expect(worst(a.ratios.subarray(0, 4), b.ratios.subarray(0, 4))).toBeLessThan(1e-12);
    expect(worst(a.path, b.path)).toBeLessThan(1e-7);
  });

  it('keep their digits beside one huge dimension', () => {
    const states = random(8, 20);
    for (let r = 0; r < 8; r++) states[r * 20] = 22_000 + r;
    const found = principalComponents(states, {
      dModel: 20,
      centred: false,
      components: 8,
      towards: states.subarray(140),
    });
    for (let a = 0; a < found.count; a++) {
      for (let b = 0; b <= a; b++) {
        let product = 0;
        for (let i = 0; i < 20; i++)
          product += (found.directions[a * 20 + i] as number) * (found.directions[b * 20 + i] as number);
        expect(product).toBeCloseTo(a === b ? 1 : 0, 4);
      }
    }
    expect(found.ratios.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  });

  it('turn a direction at right angles to the last state by its largest entry', () => {
    const states = new Float32Array([0, -3, 0, 0, 3, 0]);
    const found = principalComponents(states, { ...options, towards: new Float32Array([1, 0, 0]) });
    expect(Array.from(found.directions)).toEqual([0, 1, 0].map((v) => expect.closeTo(v, 12) as number));
  });

  it('refuse what has no direction', () => {
    const same = new Float32Array([0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.1, 0.2, 0.3]);
    expect(() => principalComponents(same, options)).toThrow(
      'all 3 states are the same: there is no direction',
    );
    expect(principalComponents(same, { ...options, centred: false }).ratios[0]).toBeCloseTo(1, 9);
    const zero = new Float32Array(6);
    expect(() => principalComponents(zero, { ...options, centred: false })).toThrow(
      'all 2 states are the same (zero)',
    );
    expect(() => principalComponents(new Float32Array([1, 2, 3]), options)).toThrow('one state alone');
    const one = principalComponents(new Float32Array([1, 2, 2]), { ...options, centred: false });
    expect(Array.from(one.directions, (v) => v * 3)).toEqual(
      [1, 2, 2].map((v) => expect.closeTo(v, 12) as number),
    );
  });

  it('refuse what is no states', () => {
    expect(() => principalComponents(new Float32Array(4), options)).toThrow(
      'directions: states: expected [*, 3], got 4 numbers',
    );
    expect(() => principalComponents(new Float32Array(), options)).toThrow('got 0 numbers');
    expect(() => principalComponents(new Float32Array([1, NaN, 2]), options)).toThrow('not a finite number');
    expect(() => principalComponents(random(3, 3), { ...options, components: 0 })).toThrow(
      'components: expected a whole number from 1, got 0',
    );
    expect(() => principalComponents(random(3, 3), { ...options, towards: new Float32Array(2) })).toThrow(
      'towards: expected [3], got [2]',
    );
    const side = MAX_GRAM + 1;
    const large = { ...options, dModel: side, towards: new Float32Array(side) };
    expect(() => principalComponents(new Float32Array(side * side), large)).toThrow(
      'are too many to take apart',
    );
  });
});

describe('likeness', () => {
  it('cosines and norms', () => {
    const states = new Float32Array([3, 4, 0, 2, 0, 0, -6, -8]);
    expect(Array.from(norms(states, 2))).toEqual([5, 2, 0, 10]);
    expect(Array.from(cosines(states, 2)).map((c) => Math.round(c * 1e12) / 1e12)).toEqual(
      [
        [1, 0.8, NaN, -1],
        [0.8, 1, NaN, -0.8],
        [NaN, NaN, NaN, NaN],
        [-1, -0.8, NaN, 1],
      ].flat(),
    );
    expect(() => cosines(new Float32Array(3), 2)).toThrow('expected [*, 2], got 3 numbers');
  });
});

describe('the experiment’s figures', () => {
  it('Wilson’s interval', () => {
    // scipy.stats.binomtest(80, 171).proportion_ci(method='wilson')
    const { value, low, high } = wilson(80, 171);
    expect(value).toBeCloseTo(80 / 171, 12);
    expect(low).toBeCloseTo(0.3945798, 7);
    expect(high).toBeCloseTo(0.5425061, 7);
    expect(wilson(0, 10).low).toBe(0);
    expect(wilson(0, 10).high).toBeCloseTo(0.27753, 4);
    expect(wilson(10, 10).high).toBeCloseTo(1, 12);
  });

  it('the bootstrap’s interval: seeded, and about two standard errors wide to each side', () => {
    const random = seeded(7);
    const values = Float64Array.from({ length: 200 }, () => random.next());
    const mean = values.reduce((a, b) => a + b) / 200;
    const error = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 200 / 200);
    const found = bootstrapMean(values, 1);
    expect(found.value).toBeCloseTo(mean, 12);
    expect(Math.abs((mean - found.low) / error - 1.96)).toBeLessThan(0.15);
    expect(Math.abs((found.high - mean) / error - 1.96)).toBeLessThan(0.15);
    expect(bootstrapMean(values, 1)).toEqual(found);
    expect(bootstrapMean(values, 2)).not.toEqual(found);
    expect(bootstrapMean(new Float64Array([0.4]), 0)).toEqual({ value: 0.4, low: 0.4, high: 0.4 });
  });

  it('a histogram that holds everyone, the ends too', () => {
    const ratios = [0, 0.049, 0.05, 0.5, 0.999, 1];
    const bins = histogramOf(ratios.map((ratio, i) => ({ ratio, match: i % 2 === 0 })));
    expect(bins).toHaveLength(20);
    expect(bins.map(({ count }) => count)).toEqual([2, 1, ...zeros(8), 1, ...zeros(8), 2]);
    expect(bins[0]).toEqual({ from: 0, to: 0.05, count: 2, matches: 1 });
  });

  it('a summary', () => {
    const reading = { tokens: 5, ratios: [0.6], predictionId: 1, directionId: 1 };
    const { prompts, matches, ratio, matchRate } = summarize([
      { ...reading, ratio: 0.6, match: true },
      { ...reading, ratio: 0.8, match: false },
    ]);
    expect({ prompts, matches, mean: ratio.value, rate: matchRate.value }).toEqual({
      prompts: 2,
      matches: 1,
      mean: expect.closeTo(0.7, 12) as number,
      rate: 0.5,
    });
    expect(() => summarize([])).toThrow('expected at least one prompt, got none');
  });

  it('CSV that no spreadsheet runs', () => {
    const summary = summarize([
      { tokens: 2, ratio: 0.5, ratios: [0.5], predictionId: 1, directionId: 2, match: false },
    ]);
    const record: ExperimentRecord = {
      model: { id: 'm', layers: 1 },
      options: { mid: false, centred: true, seed: 0, bos: 'auto' },
      summary,
      prompts: [
        {
          tokens: 2,
          ratio: 0.5,
          ratios: [0.5, 0.25],
          predictionId: 1,
          directionId: 2,
          match: false,
          prompt: '=cmd("x"), then',
          prediction: '\n',
          direction: ' "a',
        },
      ],
    };
    expect(experimentCsv(record)).toBe(
      'prompt,tokens,pc1_ratio,pc2_ratio,pc3_ratio,prediction_id,prediction,pc1_id,pc1,match\r\n' +
        '"\'=cmd(""x""), then",2,0.5,0.25,,1,"\n",2," ""a",0\r\n',
    );
  });
});

describe('random numbers', () => {
  it('are the same for a seed, evenly spread, and within their bounds', () => {
    const draw = (seed: number): number[] => {
      const random = seeded(seed);
      return Array.from({ length: 10_000 }, () => random.below(10));
    };
    const a = draw(0);
    expect(draw(0)).toEqual(a);
    expect(draw(1)).not.toEqual(a);
    const counts = Array.from({ length: 10 }, (_, i) => a.filter((x) => x === i).length);
    // χ² with 9 degrees of freedom: above 27.9 once in a thousand seeds; this one is fixed.
    expect(counts.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0)).toBeLessThan(27.9);
  });
});

function zeros(n: number): number[] {
  return new Array<number>(n).fill(0);
}
