/** Reads task lengths from a Chromium trace. */

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  /** Of it, microseconds on the processor. */
  readonly tdur?: number;
}

/** Milliseconds of the longest task: as it lasted, and on the processor alone, which a busy machine doesn't stretch. */
export interface LongestTask {
  readonly lasted: number;
  readonly processor: number;
}

/**
 * The longest task on the thread that made the marks `bench-clicked` and `bench-done`, between them.
 *
 * @param trace what `browser.stopTracing()` gives.
 */
export function longestTask(trace: Buffer): LongestTask {
  const { traceEvents } = JSON.parse(trace.toString('utf8')) as { traceEvents: TraceEvent[] };
  const from = traceEvents.find((event) => event.name === 'bench-clicked');
  const to = traceEvents.find((event) => event.name === 'bench-done' && event.ts > (from?.ts ?? 0));
  if (!from || !to) throw new Error('the trace has no marks');
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid, ts }) =>
      ph === 'X' &&
      name === 'ThreadControllerImpl::RunTask' &&
      pid === from.pid &&
      tid === from.tid &&
      ts <= to.ts,
  );
  const during = tasks.filter(({ ts, dur = 0 }) => ts + dur >= from.ts);
  if (during.length === 0) throw new Error('the trace has no tasks');
  const longest = (of: (event: TraceEvent) => number): number => Math.max(...during.map(of)) / 1000;
  return { lasted: longest(({ dur = 0 }) => dur), processor: longest(({ tdur = 0 }) => tdur) };
}
