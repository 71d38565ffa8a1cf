/** What an event of the stream makes of the run: pure, so that it is tested without a page. */
import type { RunEvent } from '../engine/protocol.ts';
import type { RunView } from './view-state.ts';

/** A run of which nothing is known yet but its tokens. */
export function emptyRun(start: Pick<RunView, 'ids' | 'pieces' | 'model'>): RunView {
  return {
    ...start,
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
      return { ...run, rows: [...run.rows, event.readings] };
    case 'late':
      return { ...run, late: event.late };
    case 'checks':
      return { ...run, checks: event.checks };
    case 'done':
      return { ...run, timings: event.timings };
    case 'weights':
      return run;
  }
}
