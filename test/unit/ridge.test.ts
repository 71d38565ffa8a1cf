/** The ridge regression in closed form: identity, known maps, huge coordinates, constants, too few rows. */
import { describe, expect, it } from 'vitest';
import { cholesky, solvePanel } from '../../shared/lens/cholesky.ts';
import { emptyMoments, fitRidge, LAMBDAS, type Affine, type Moments } from '../../shared/lens/ridge.ts';
import { seeded } from '../support/random.ts';

const pause = (): Promise<void> => Promise.resolve();

/** Moments of rows, with these shifts. */
function momentsOf(x: number[][], y: number[][], shiftX: number[], shiftY: number[]): Moments {
  const d = shiftX.length;
  const m = emptyMoments(d, Float64Array.from(shiftX), Float64Array.from(shiftY));
  x.forEach((row, r) => {
    m.rows++;
    const u = row.map((value, i) => value - (shiftX[i] as number));
    const v = (y[r] as number[]).map((value, i) => value - (shiftY[i] as number));
    for (let i = 0; i < d; i++) {
      m.sumX[i] = (m.sumX[i] as number) + (u[i] as number);
      m.sumY[i] = (m.sumY[i] as number) + (v[i] as number);
      for (let j = 0; j < d; j++) {
        m.xx[i * d + j] = (m.xx[i * d + j] as number) + (u[i] as number) * (u[j] as number);
        m.xy[i * d + j] = (m.xy[i * d + j] as number) + (u[i] as number) * (v[j] as number);
      }
    }
  });
  return m;
}

function apply({ weight, bias }: Affine, x: number[]): number[] {
  return Array.from(bias, (b, j) =>
    x.reduce((sum, value, i) => sum + value * (weight[i * x.length + j] as number), b),
  );
}

/** Rows of which the first coordinate is huge, as in SmolLM2. */
function rowsOf(count: number, d: number, seed: number): number[][] {
  const random = seeded(seed);
  return Array.from({ length: count }, () =>
    Array.from({ length: d }, (_, i) => (random.next() - 0.5) * (i === 0 ? 20_000 : 2) + (i === 1 ? 300 : 0)),
  );
}

function fitOf(x: number[][], y: number[][], held: number): Promise<Affine> {
  const d = (x[0] as number[]).length;
  const shift = (rows: number[][]): number[] => rows[0] as number[];
  const [sx, sy] = [shift(x).slice(0, d), shift(y).slice(0, d)];
  return fitRidge(
    momentsOf(x.slice(held), y.slice(held), sx, sy),
    momentsOf(x.slice(0, held), y.slice(0, held), sx, sy),
    pause,
  );
}

describe('ridge regression', () => {
  it('of a state on itself is the identity', async () => {
    const x = rowsOf(200, 70, 1);
    const fit = await fitOf(x, x, 40);
    expect(fit.lambda).toBe(LAMBDAS[0]);
    for (const row of x.slice(0, 5)) {
      apply(fit, row).forEach((value, j) => {
        const size = j === 0 ? 20_000 : 2;
        expect(Math.abs(value - (row[j] as number)) / size).toBeLessThan(1e-4);
      });
    }
  });

  it('finds an affine map, whatever the sizes of the coordinates', async () => {
    const x = rowsOf(400, 12, 2);
    const random = seeded(3);
    const a = Array.from({ length: 144 }, () => random.next() - 0.5);
    const y = x.map((row) =>
      Array.from({ length: 12 }, (_, j) =>
        row.reduce((sum, v, i) => sum + v * (a[i * 12 + j] as number) * (i === 0 ? 1e-4 : 1), 7),
      ),
    );
    const fit = await fitOf(x, y, 80);
    x.slice(0, 10).forEach((row, r) => {
      apply(fit, row).forEach((value, j) => expect(value).toBeCloseTo(y[r]?.[j] as number, 3));
    });
  });

  it('gives a coordinate that never changes no weight, and noise a large penalty', async () => {
    const x = rowsOf(60, 20, 4).map((row) => row.map((value, i) => (i === 3 ? 5 : value)));
    const fit = await fitOf(x, rowsOf(60, 20, 5), 20);
    expect(Array.from(fit.weight.subarray(60, 80)).every((w) => w === 0)).toBe(true);
    expect(fit.lambda).toBeGreaterThanOrEqual(0.1);
  });

  it('chooses λ for many targets by mixes of them', async () => {
    const d = 260;
    const x = rowsOf(300, d, 6);
    expect(await fitOf(x, rowsOf(300, d, 7), 30)).toMatchObject({ lambda: 1 });
  });

  it('refuses fewer rows than unknowns', async () => {
    await expect(fitOf(rowsOf(24, 20, 8), rowsOf(24, 20, 9), 5)).rejects.toThrow(
      'fit: expected more than 20 positions to fit on and some held out, got 19 and 5: give more prompts',
    );
  });
});

describe('cholesky', () => {
  it('solves in panels as the equations say', () => {
    const d = 150;
    const random = seeded(10);
    const z = Array.from({ length: 300 * d }, () => random.next() - 0.5);
    const a = new Float64Array(d * d);
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) {
        let sum = i === j ? 0.1 : 0;
        for (let t = 0; t < 300; t++) sum += (z[t * d + i] as number) * (z[t * d + j] as number);
        a[i * d + j] = sum;
      }
    const b = Float64Array.from({ length: d * 3 }, () => random.next());
    const x = b.slice();
    const l = a.slice();
    cholesky(l, d);
    solvePanel(l, d, x, 3);
    for (let i = 0; i < d; i++) {
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let j = 0; j < d; j++) sum += (a[i * d + j] as number) * (x[j * 3 + c] as number);
        expect(sum).toBeCloseTo(b[i * 3 + c] as number, 10);
      }
    }
  });

  it('refuses a matrix that is not positive definite', () => {
    expect(() => cholesky(Float64Array.from([1, 2, 2, 1]), 2)).toThrow('not positive definite');
    expect(() => cholesky(Float64Array.from([NaN, 0, 0, 1]), 2)).toThrow('not positive definite');
  });
});
