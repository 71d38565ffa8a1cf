/**
 * What computing in f16 costs: the last row against a forward of the same tokens in f32, on the same device. It runs
 * block by block with the sessions that a run in f32 has, so that it needs no second copy of a large model.
 */
import type { SelfCheck } from '../shared/lens/readings.ts';
import type { ModelSpec } from '../shared/spec/model-spec.ts';
import type { LensReadout } from './api.ts';
import { Forward, type ForwardState } from './forward.ts';
import type { MemoryLimits } from './memory.ts';
import { toReadout, type Readout } from './readout.ts';
import type { Runtime } from './runtime.ts';
import type { WeightStore } from './weights.ts';

/** |Δ log p| allowed between f16 and f32; measured: docs/models.md. */
export const PRECISION_BOUND = 0.25;

const NOTE =
  'The last row, its products computed in f16, against f32 on this device: largest difference in log-probability.';

export class Precision {
  readonly #runtime: Runtime;
  readonly #spec: ModelSpec;
  readonly #weights: WeightStore;
  readonly #readout: Readout;
  readonly #memory: MemoryLimits;
  /** Small models keep their sessions in f32 too. */
  #kept: Forward | undefined;
  /** What a large model's first prompt came to. */
  #first: SelfCheck | undefined;

  constructor(
    runtime: Runtime,
    spec: ModelSpec,
    weights: WeightStore,
    readout: Readout,
    memory: MemoryLimits,
  ) {
    this.#runtime = runtime;
    this.#spec = spec;
    this.#weights = weights;
    this.#readout = readout;
    this.#memory = memory;
  }

  /** Whether the model may be on the device twice, once in f32. */
  get #small(): boolean {
    const parameters = [...this.#spec.shapes.values()].reduce((n, s) => n + s.reduce((a, b) => a * b, 1), 0);
    return parameters * 4 <= this.#memory.checkBytes;
  }

  /** The lens's last row against f32. Of a large model only the first prompt's: each block is set up anew for it. */
  async check(state: ForwardState, last: LensReadout, signal?: AbortSignal): Promise<SelfCheck> {
    if (this.#first) return this.#first;
    if (this.#weights.fetchesAgain) {
      return {
        name: 'precision',
        status: 'skipped',
        value: NaN,
        bound: PRECISION_BOUND,
        note: 'The last row was not compared with f32: the weights, which are not kept here, would have to be fetched again.',
      };
    }
    const small = this.#small;
    const value = await this.#worst(state, last, small, signal);
    const check: SelfCheck = {
      name: 'precision',
      status: value <= PRECISION_BOUND ? 'pass' : 'fail',
      value,
      bound: PRECISION_BOUND,
      note: NOTE,
    };
    if (!small)
      this.#first = { ...check, note: `${NOTE} Measured on the first prompt only: the model is large.` };
    return check;
  }

  async #worst(
    state: ForwardState,
    last: LensReadout,
    keep: boolean,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const plain = { hooks: [], checks: false, present: false };
    if (keep) this.#kept ??= this.#forward();
    let resid = this.#forward().residual(state);
    try {
      for (let layer = 0; layer < this.#spec.nLayers; layer++) {
        const forward = this.#kept ?? this.#forward();
        const { post } = await forward.block(layer, state, resid, plain, signal);
        resid.release();
        resid = post;
        if (!keep) await forward.dispose();
      }
      const normalized = await this.#readout.normalize(resid.tensor, signal);
      const { groups } = await this.#readout.read(
        normalized,
        { k: 1, targets: last.topIds, perRow: last.k },
        signal,
      );
      const { targetLogprobs } = toReadout({ normalized, groups }, last.rows, 1, last.k);
      // A NaN stays.
      return targetLogprobs.reduce(
        (worst, logprob, i) => Math.max(worst, Math.abs(logprob - (last.topLogprobs[i] as number))),
        0,
      );
    } finally {
      resid.release();
    }
  }

  #forward(): Forward {
    return new Forward(this.#runtime, this.#spec, this.#weights, this.#memory);
  }

  async dispose(): Promise<void> {
    await this.#kept?.dispose();
    this.#kept = undefined;
  }
}
