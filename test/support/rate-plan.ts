/** What test/http/deno-rate-limit.test.ts asks of test/deno/rate-limit.child.ts, and what it hears. */

export interface Plan {
  /** Requests of the budget in a window of a minute. */
  readonly limit: number;
  /** Limiters. */
  readonly processes: number;
  /** By which limiter each request goes, in order. */
  readonly order: readonly number[];
  /** Requests that are under way at once. */
  readonly atOnce: number;
  /** Milliseconds that the clock goes on before the second half of the requests. Default 0. */
  readonly pause?: number;
}

export interface Outcome {
  /** Of each request, in order. */
  readonly allowed: readonly boolean[];
  readonly remaining: readonly (number | undefined)[];
  /** Commits that the store took or refused. */
  readonly writes: number;
  readonly reads: number;
}
