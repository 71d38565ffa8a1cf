/** How fast weights arrive, and when they will be here: smoothed, so that the numbers can be read. */
import type { WeightsProgress } from '../../engine/api.ts';

export interface Arrival extends WeightsProgress {
  /** Bytes a second; undefined until there is enough to go by. */
  readonly rate: number | undefined;
}

/** Milliseconds over which the rate is averaged, and before which there is none. */
const WINDOW = 3000;
const FIRST = 700;

export class Pace {
  #rate: number | undefined;
  #since: number | undefined;
  #bytes = 0;
  #at = 0;

  /** @param now milliseconds, of any clock that only goes forward. */
  take({ loadedBytes, totalBytes }: WeightsProgress, now: number): Arrival {
    if (this.#since === undefined || loadedBytes < this.#bytes) {
      this.#rate = undefined;
      this.#since = now;
      [this.#bytes, this.#at] = [loadedBytes, now];
    }
    const passed = now - this.#at;
    // The first sample waits until it means something; what is kept on the device comes all at once.
    if (passed > (this.#rate === undefined ? FIRST : 100)) {
      const latest = ((loadedBytes - this.#bytes) * 1000) / passed;
      const share = 1 - Math.exp(-passed / WINDOW);
      this.#rate = this.#rate === undefined ? latest : this.#rate + share * (latest - this.#rate);
      [this.#bytes, this.#at] = [loadedBytes, now];
    }
    return { loadedBytes, totalBytes, rate: this.#rate };
  }
}

/** `about 40 s left`, `about 3 min left`; nothing while it is not known. */
export function timeLeft({ loadedBytes, totalBytes, rate }: Arrival): string {
  if (rate === undefined || rate < 1) return '';
  const seconds = (totalBytes - loadedBytes) / rate;
  if (seconds < 2) return 'a moment left';
  if (seconds < 90) return `about ${seconds < 10 ? Math.ceil(seconds) : Math.ceil(seconds / 5) * 5} s left`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `about ${minutes} min left` : `about ${Math.round(minutes / 60)} h left`;
}
