/** What this page holds in memory, by the browser's own measure, where it has one. */

/** Bytes by whose they are. */
export interface PageMemory {
  readonly total: number;
  /** Of the threads that the page started: the engine, with the wasm's heap. Undefined: `total` has no thread but the page's own. */
  readonly workers: number | undefined;
}

/** What Chromium's `performance.measureUserAgentSpecificMemory` answers with, as far as it is read. */
interface Measurement {
  readonly bytes: number;
  readonly breakdown: readonly {
    readonly bytes: number;
    readonly attribution: readonly { readonly scope: string }[];
  }[];
}

type Measure = () => Promise<Measurement>;

/** What a thread's own JavaScript holds, where the browser tells no more: Chromium's older measure. */
interface Measures {
  readonly measureUserAgentSpecificMemory?: Measure;
  readonly memory?: { readonly usedJSHeapSize: number };
}

/**
 * The browser answers when it has next tidied up: that may take some seconds.
 *
 * @returns undefined where the browser can't say, or won't because the page is not isolated from others.
 */
export async function measureMemory(
  from: Measures = performance as Measures,
): Promise<PageMemory | undefined> {
  try {
    const measured = await from.measureUserAgentSpecificMemory?.();
    if (measured) return { total: measured.bytes, workers: ofWorkers(measured) };
  } catch {
    // Isolation is off, or the browser was built without it: the older measure is better than none.
  }
  return from.memory && { total: from.memory.usedJSHeapSize, workers: undefined };
}

function ofWorkers({ breakdown }: Measurement): number {
  return breakdown
    .filter(({ attribution }) => attribution.some(({ scope }) => scope.includes('Worker')))
    .reduce((sum, { bytes }) => sum + bytes, 0);
}
