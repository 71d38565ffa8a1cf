/** What an event of the stream makes of the run: pure, so that it is tested without a page. */
import type { RunEvent } from '../engine/protocol.ts';
import type { LateReadings } from '../../shared/lens/readings.ts';
import type { MidRows, RunView } from './view-state.ts';

/** A run of which nothing is known yet but its tokens. */
export function emptyRun({
  mid = false,
  ...start
}: Pick<RunView, 'ids' | 'pieces' | 'model' | 'lens'> & { readonly mid?: boolean }): RunView {
  return {
    ...start,
    mid: mid ? { rows: [], late: undefined } : undefined,
    rows: [],
    late: undefined,
    checks: undefined,
    timings: undefined,
    texts: new Map(),
  };
}

/**
 * The run after an event. `texts` is one map that grows; all else is replaced.
 *
 * @param texts the run's own map, to which texts are added.
 */
export function afterEvent(run: RunView, event: RunEvent, texts: Map<number, string>): RunView {
  switch (event.type) {
    case 'texts':
      for (const [id, text] of event.texts) texts.set(id, text);
      return run.texts === texts ? run : { ...run, texts };
    case 'readings':
      return event.readings.mid && run.mid
        ? { ...run, mid: { ...run.mid, rows: [...run.mid.rows, event.readings] } }
        : { ...run, rows: [...run.rows, event.readings] };
    case 'late':
      return run.mid ? withLate(run, run.mid, event.late) : { ...run, late: event.late };
    case 'checks':
      return { ...run, checks: event.checks };
    case 'done':
      return { ...run, timings: event.timings, stages: event.stages };
    case 'weights':
      return run;
  }
}

/** Row −1, then of each layer the row after attention and its own: told apart. */
function withLate(run: RunView, mid: MidRows, late: LateReadings): RunView {
  const half = <T>(rows: readonly T[], wanted: 0 | 1): T[] => rows.filter((_, i) => i % 2 === wanted);
  const part = (wanted: 0 | 1): Pick<LateReadings, 'kl' | 'final'> => ({
    kl: half(late.kl, wanted),
    final: half(late.final, wanted),
  });
  return { ...run, late: { ...late, ...part(0) }, mid: { ...mid, late: part(1) } };
}
