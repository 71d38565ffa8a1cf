/** A run's time by stage, as a stopwatch that always runs for one of them. */

/**
 * Milliseconds that a run spent on each of its stages. Fetching the weights and setting up the device's graphs belong
 * to the stage that waits for them, so that a first run's are long.
 */
export interface StageTimes {
  /** Tokens to the first state: checks of what was asked, the embedding. */
  readonly begin: number;
  /** The blocks, with what their self-checks measure. */
  readonly blocks: number;
  /** Rows of the lens: final norm, projection to the vocabulary, reduction. */
  readonly lens: number;
  /** What needs the output: KL, ranks of its tokens, where answers settle. */
  readonly compare: number;
  /** The output against a plain forward. */
  readonly checks: number;
  /** Not the engine's: whoever reads the stream took this long before asking on. */
  readonly reader: number;
}

export type Stage = keyof StageTimes;

export class StageClock {
  readonly #times: Record<Stage, number> = { begin: 0, blocks: 0, lens: 0, compare: 0, checks: 0, reader: 0 };
  readonly #now: () => number;
  #stage: Stage = 'begin';
  #since: number;

  /** @param now milliseconds that never go back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#since = now();
  }

  /** Ends the present stage, if it is another. */
  to(stage: Stage): void {
    const now = this.#now();
    this.#times[this.#stage] += now - this.#since;
    this.#since = now;
    this.#stage = stage;
  }

  /** All stages so far, the present one's share included. */
  read(): StageTimes {
    this.to(this.#stage);
    return { ...this.#times };
  }
}
