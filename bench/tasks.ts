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

/** Milliseconds of a frame at 60 a second. */
const FRAME = 1000 / 60;

/**
 * Milliseconds that the thread of the marks `bench-clicked` and `bench-done` worked on the processor in each sixtieth
 * of a second between them; those in which it did nothing are left out.
 *
 * @param trace what `browser.stopTracing()` gives.
 */
export function frameWork(trace: Buffer): number[] {
  const { traceEvents } = JSON.parse(trace.toString('utf8')) as { traceEvents: TraceEvent[] };
  const from = traceEvents.find((event) => event.name === 'bench-clicked');
  const to = traceEvents.find((event) => event.name === 'bench-done' && event.ts > (from?.ts ?? 0));
  if (!from || !to) throw new Error('the trace has no marks');
  const frames = new Map<number, number>();
  for (const { name, ph, pid, tid, ts, dur = 0, tdur } of traceEvents) {
    const own =
      ph === 'X' && name === 'ThreadControllerImpl::RunTask' && pid === from.pid && tid === from.tid;
    if (!own || ts < from.ts || ts > to.ts) continue;
    const frame = Math.floor((ts - from.ts) / 1000 / FRAME);
    frames.set(frame, (frames.get(frame) ?? 0) + (tdur ?? dur) / 1000);
  }
  return [...frames.values()];
}
