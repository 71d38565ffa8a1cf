/** The self-checks of a run, from the numbers that its blocks carried along. */
import type { SelfCheck } from '../shared/lens/readings.ts';

/** |Σ pattern − 1| allowed over rows of attention. */
export const ATTENTION_BOUND = 1e-4;
/** ‖pre + attn_out + mlp_out − post‖ / ‖post‖ allowed at any position. */
export const WRITES_BOUND = 1e-4;

/** The worst of each over the blocks; a NaN is the worst of all. */
export class BlockChecks {
  #attention = 0;
  #writes = 0;

  add([attention, writes]: readonly [number, number]): void {
    this.#attention = Math.max(this.#attention, attention); // NaN if either is
    this.#writes = Math.max(this.#writes, writes);
  }

  results(): SelfCheck[] {
    return [
      {
        name: 'writes',
        status: this.#writes <= WRITES_BOUND ? 'pass' : 'fail',
        value: this.#writes,
        bound: WRITES_BOUND,
        note: 'Every block: stream before + attention’s write + MLP’s write against the stream after, largest relative gap.',
      },
      {
        name: 'attention',
        status: this.#attention <= ATTENTION_BOUND ? 'pass' : 'fail',
        value: this.#attention,
        bound: ATTENTION_BOUND,
        note: 'Every row of attention, in every head, sums to one: largest gap.',
      },
    ];
  }
}
