/** A run made longer by a column, or shorter: pure, so that it is tested without a page. */
import type { LateReadings, LayerReadings, SelfCheck, TargetReadings } from '../../shared/lens/readings.ts';
import type { StepAnswer } from '../engine/protocol.ts';
import type { RunView } from './view-state.ts';

type Numbers = Float32Array | Int32Array;

/** The run with the column of the token that came next; the column before knows its next token now. */
export function withColumn(run: RunView, answer: StepAnswer): RunView {
  const { ids, pieces, rows, late, checks, next } = answer;
  const half = <T>(all: readonly T[], wanted: 0 | 1): readonly T[] =>
    run.mid ? all.filter((_, i) => i % 2 === wanted) : wanted === 0 ? all : [];
  const longer = (own: readonly LayerReadings[], wanted: 0 | 1): LayerReadings[] =>
    own.map((row, i) => {
      const [column, known] = [half(rows, wanted)[i], half(next, wanted)[i]];
      return column && known ? joined(row, column, known) : row;
    });
  const lateOf = (
    own: Pick<LateReadings, 'kl' | 'final'>,
    wanted: 0 | 1,
  ): Pick<LateReadings, 'kl' | 'final'> => ({
    kl: own.kl.map((row, i) => join(row, half(late.kl, wanted)[i])),
    final: own.final.map((row, i) => joinTargets(row, half(late.final, wanted)[i])),
  });
  return {
    ...run,
    ids,
    pieces,
    rows: longer(run.rows, 0),
    late: run.late && {
      finalIds: join(run.late.finalIds, late.finalIds),
      convergence: join(run.late.convergence, late.convergence),
      ...lateOf(run.late, 0),
    },
    mid: run.mid && {
      rows: longer(run.mid.rows, 1),
      late: run.mid.late && lateOf(run.mid.late, 1),
    },
    checks: run.checks?.map((check) =>
      worse(
        check,
        checks.find(({ name }) => name === check.name),
      ),
    ),
    texts: new Map([...run.texts, ...answer.texts]),
  };
}

/** The run's first columns; the last of them does not know its next token any more. */
export function withoutColumns(run: RunView, ids: readonly number[], pieces: readonly string[]): RunView {
  const n = ids.length;
  const cut = ({ ids: own, logprobs, ranks }: TargetReadings): TargetReadings => ({
    ids: own.slice(0, n),
    logprobs: logprobs.slice(0, n),
    ranks: ranks.slice(0, n),
  });
  const shorter = (rows: readonly LayerReadings[]): LayerReadings[] =>
    rows.map((row) => {
      const next = cut(row.next);
      next.ids[n - 1] = -1;
      next.logprobs[n - 1] = Number.NaN;
      next.ranks[n - 1] = -1;
      return {
        ...row,
        topIds: row.topIds.slice(0, n * row.k),
        topLogprobs: row.topLogprobs.slice(0, n * row.k),
        entropy: row.entropy.slice(0, n),
        input: cut(row.input),
        next,
      };
    });
  const lateOf = (own: Pick<LateReadings, 'kl' | 'final'>): Pick<LateReadings, 'kl' | 'final'> => ({
    kl: own.kl.map((row) => row.slice(0, n)),
    final: own.final.map(cut),
  });
  return {
    ...run,
    ids,
    pieces,
    rows: shorter(run.rows),
    late: run.late && {
      finalIds: run.late.finalIds.slice(0, n),
      convergence: run.late.convergence.slice(0, n),
      ...lateOf(run.late),
    },
    mid: run.mid && { rows: shorter(run.mid.rows), late: run.mid.late && lateOf(run.mid.late) },
  };
}

function joined(row: LayerReadings, column: LayerReadings, known: TargetReadings): LayerReadings {
  const last = row.entropy.length - 1;
  const next = joinTargets(row.next, column.next);
  next.ids[last] = known.ids[0] ?? -1;
  next.logprobs[last] = known.logprobs[0] ?? Number.NaN;
  next.ranks[last] = known.ranks[0] ?? -1;
  return {
    ...row,
    topIds: join(row.topIds, column.topIds),
    topLogprobs: join(row.topLogprobs, column.topLogprobs),
    entropy: join(row.entropy, column.entropy),
    input: joinTargets(row.input, column.input),
    next,
  };
}

function joinTargets(a: TargetReadings, b: TargetReadings | undefined): TargetReadings {
  return {
    ids: join(a.ids, b?.ids),
    logprobs: join(a.logprobs, b?.logprobs),
    ranks: join(a.ranks, b?.ranks),
  };
}

function join<T extends Numbers>(a: T, b: T | undefined): T {
  if (!b) return a;
  const both = (
    a instanceof Float32Array ? new Float32Array(a.length + b.length) : new Int32Array(a.length + b.length)
  ) as T;
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** What holds of the whole: the worse of two checks; one that did not run changes nothing. */
function worse(a: SelfCheck, b: SelfCheck | undefined): SelfCheck {
  if (!b || b.status === 'skipped') return a;
  if (a.status === 'skipped') return a;
  return b.status === 'fail' || b.value > a.value ? b : a;
}
