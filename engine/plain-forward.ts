/** The plain forward: one graph from ids to logits. The lens's last row is held against it; bench/ times it. */
import { maskName, plainGraph, rotaryNames } from '../shared/graph/plain.ts';
import type { SelfCheck } from '../shared/lens/readings.ts';
import type { ModelSpec } from '../shared/spec/model-spec.ts';
import type { LensReadout } from './api.ts';
import type { ForwardState } from './forward.ts';
import type { MemoryLimits } from './memory.ts';
import type { Logits, Reducer } from './reduce.ts';
import type { Runtime, Session, Tensor } from './runtime.ts';
import type { WeightStore } from './weights.ts';
import { partOrder } from './weights.ts';

/** |Δ log p| allowed between the lens's last row and the plain forward, as for the goldens. */
export const OUTPUT_BOUND = 1e-3;

export class PlainForward {
  readonly #runtime: Runtime;
  readonly #spec: ModelSpec;
  readonly #weights: WeightStore;
  readonly #reducer: Reducer;
  readonly #memory: MemoryLimits;
  #session: Promise<Session> | undefined;

  constructor(
    runtime: Runtime,
    spec: ModelSpec,
    weights: WeightStore,
    reducer: Reducer,
    memory: MemoryLimits,
  ) {
    this.#runtime = runtime;
    this.#memory = memory;
    this.#spec = spec;
    this.#weights = weights;
    this.#reducer = reducer;
  }

  /** Logits f32[batch, pos, vocab], on the device: caller disposes. */
  async logits(state: ForwardState, signal?: AbortSignal): Promise<Tensor> {
    for (const part of partOrder(this.#spec)) await this.#weights.need(part, signal);
    const { batch, pos, ids } = state.input;
    const session = await this.#prepare();
    const out = await session.run({
      ids: this.#runtime.ints(ids, [batch, pos]),
      ...(this.#spec.weights.posEmbed !== undefined && {
        positions: this.#runtime.ints(state.positions, [batch, pos]),
      }),
      ...Object.fromEntries([...state.masks].map(([window, mask]) => [maskName(window), mask])),
      ...Object.fromEntries(
        state.rotaries.flatMap(({ cos, sin }, i) => {
          const names = rotaryNames(i);
          return [
            [names.cos, cos],
            [names.sin, sin],
          ];
        }),
      ),
    });
    return out['logits'] as Tensor;
  }

  #prepare(): Promise<Session> {
    this.#session ??= this.#runtime
      .session('plain forward', plainGraph(this.#spec, this.#weights, this.#runtime.centreFirst))
      .catch((error: unknown) => {
        this.#session = undefined;
        throw error;
      });
    return this.#session;
  }

  /** The lens's last row against this forward: the largest |Δ log p| over the row's top k. */
  async check(state: ForwardState, last: LensReadout, signal?: AbortSignal): Promise<SelfCheck> {
    const { batch, pos } = state.input;
    const rows = batch * pos;
    const skipped = (why: string): SelfCheck => ({
      name: 'output',
      status: 'skipped',
      value: NaN,
      bound: OUTPUT_BOUND,
      note: `The last row was not compared with a plain forward: ${why}.`,
    });
    if ((state.input.interventions ?? []).length > 0) {
      return skipped('the run was changed on the way, and the plain forward has nothing to change');
    }
    if (state.input.past) {
      return skipped('the run stands on keys and values of an earlier one, and the plain forward has none');
    }
    const parameters = [...this.#spec.shapes.values()].reduce((n, s) => n + s.reduce((a, b) => a * b, 1), 0);
    if (parameters * 4 > this.#memory.checkBytes) return skipped('this model is too large to be held twice');
    if (rows * this.#spec.dVocab * 4 > this.#runtime.bindingBytes)
      return skipped('the prompt is too long for it');

    const tensor = await this.logits(state, signal);
    try {
      const flat: Logits = { rows, shares: [{ first: 0, count: this.#spec.dVocab, tensor }] };
      const stats = await this.#reducer.reduce(flat, { k: 1, targets: last.topIds, perRow: last.k });
      let worst = 0;
      for (let i = 0; i < last.topIds.length; i++) {
        const row = Math.floor(i / last.k);
        const logZ = (stats.max[row] as number) + Math.log(stats.sum[row] as number);
        const gap = Math.abs((stats.targetLogits[i] as number) - logZ - (last.topLogprobs[i] as number));
        worst = Math.max(worst, gap); // a NaN stays
      }
      return {
        name: 'output',
        status: worst <= OUTPUT_BOUND ? 'pass' : 'fail',
        value: worst,
        bound: OUTPUT_BOUND,
        note: 'The last row against a plain forward of the same tokens, run as one graph: largest difference in log-probability.',
      };
    } finally {
      if (tensor.location === 'gpu-buffer') tensor.dispose();
    }
  }

  async dispose(): Promise<void> {
    const session = await this.#session;
    this.#session = undefined;
    await session?.release();
  }
}
