/** A run with a column more, and without it again. */
import { expect, it } from 'vitest';
import type { LateReadings, LayerReadings, TargetReadings } from '../../shared/lens/readings.ts';
import { withColumn, withoutColumns } from '../../site/controllers/grown-run.ts';
import type { RunView } from '../../site/controllers/view-state.ts';
import type { StepAnswer } from '../../site/engine/protocol.ts';

const target = (ids: number[], values: number[]): TargetReadings => ({
  ids: Int32Array.from(ids),
  logprobs: Float32Array.from(values),
  ranks: Int32Array.from(ids),
});

function row(layer: number, from: number, to: number, mid = false): LayerReadings {
  const at = Array.from({ length: to - from }, (_, i) => from + i);
  const value = (pos: number): number => -(pos + 10 * layer + (mid ? 5 : 0));
  return {
    layer,
    ...(mid && { mid: true as const }),
    k: 2,
    topIds: Int32Array.from(at.flatMap((pos) => [pos, pos + 100])),
    topLogprobs: Float32Array.from(at.flatMap((pos) => [value(pos), value(pos) - 1])),
    entropy: Float32Array.from(at, (pos) => -value(pos)),
    input: target(at, at.map(value)),
    // The last of a run has no next token.
    next: target(
      at.map((pos) => (pos === to - 1 ? -1 : pos + 1)),
      at.map((pos) => (pos === to - 1 ? NaN : value(pos) / 2)),
    ),
  };
}

const LINES = [
  [-1, false],
  [0, true],
  [0, false],
  [1, true],
  [1, false],
] as const;

function late(from: number, to: number, lines: readonly (readonly [number, boolean])[]): LateReadings {
  const at = Array.from({ length: to - from }, (_, i) => from + i);
  return {
    finalIds: Int32Array.from(at),
    convergence: Int32Array.from(at, (pos) => pos % 2),
    kl: lines.map(([layer, mid]) => Float32Array.from(at, (pos) => pos + layer + (mid ? 0.5 : 0))),
    final: lines.map(([layer]) =>
      target(
        at,
        at.map((pos) => -pos - layer),
      ),
    ),
  };
}

/** A run of `n` tokens, with rows after attention. */
function run(n: number): RunView {
  const whole = LINES.filter(([, mid]) => !mid);
  const mids = LINES.filter(([, mid]) => mid);
  return {
    ids: Array.from({ length: n }, (_, i) => i),
    pieces: Array.from({ length: n }, (_, i) => `t${i}`),
    model: undefined as unknown as RunView['model'],
    rows: whole.map(([layer]) => row(layer, 0, n)),
    late: late(0, n, whole),
    mid: { rows: mids.map(([layer]) => row(layer, 0, n, true)), late: late(0, n, mids) },
    checks: [{ name: 'writes', status: 'pass', value: 1e-6, bound: 1e-4, note: '' }],
    timings: undefined,
    texts: new Map([[0, 'a']]),
  };
}

function answer(pos: number): StepAnswer {
  const next = LINES.map(([layer, mid]) => target([pos], [-(pos - 1 + 10 * layer + (mid ? 5 : 0)) / 2]));
  return {
    ids: Array.from({ length: pos + 1 }, (_, i) => i),
    pieces: Array.from({ length: pos + 1 }, (_, i) => `t${i}`),
    prompt: undefined,
    id: pos,
    logprob: -1,
    rank: 0,
    rows: LINES.map(([layer, mid]) => row(layer, pos, pos + 1, mid)),
    late: late(pos, pos + 1, LINES),
    checks: [
      { name: 'output', status: 'skipped', value: NaN, bound: 1e-3, note: '' },
      { name: 'writes', status: 'fail', value: 1, bound: 1e-4, note: '' },
    ],
    next,
    texts: [[3, 'd']],
    end: false,
  };
}

it('a run grown by a column is the run of one token more', () => {
  const grown = withColumn(run(3), answer(3));
  const full = run(4);
  expect(grown.rows).toEqual(full.rows);
  expect(grown.mid?.rows).toEqual(full.mid?.rows);
  expect(grown.late).toEqual(full.late);
  expect(grown.mid?.late?.kl).toEqual(full.mid?.late?.kl);
  expect(grown.mid?.late?.final).toEqual(full.mid?.late?.final);
  expect([grown.ids, grown.pieces]).toEqual([full.ids, full.pieces]);
  expect([...grown.texts]).toEqual([
    [0, 'a'],
    [3, 'd'],
  ]);
  expect(grown.checks).toMatchObject([{ name: 'writes', status: 'fail', value: 1 }]);
});

it('without its last columns it is the shorter run, whose last token knows no next', () => {
  const shorter = withoutColumns(run(5), [0, 1, 2], ['t0', 't1', 't2']);
  const full = run(3);
  expect(shorter.rows).toEqual(full.rows);
  expect(shorter.mid?.rows).toEqual(full.mid?.rows);
  expect(shorter.late).toEqual(full.late);
  expect(shorter.ids).toEqual(full.ids);
});
