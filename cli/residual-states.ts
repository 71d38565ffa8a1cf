/** The residual states of a run, kept to be read again: the path of any token through all rows at one position. */
import type { HookTensor, LensModel, Translators } from '../engine/node.ts';
import { NotFoundError } from '../shared/errors.ts';
import { blockHookName } from '../shared/hooks.ts';

/** The embedding row and every block's output. */
export const RESID_HOOKS: readonly string[] = [
  blockHookName(0, 'hook_resid_pre'),
  'blocks.*.hook_resid_post',
];

export class ResidualStates {
  readonly #model: LensModel;
  readonly #translators: Translators | undefined;
  /** f32[pos, d_model] by hook name. */
  readonly #states = new Map<string, Float32Array>();

  constructor(model: LensModel, translators?: Translators) {
    this.#model = model;
    this.#translators = translators;
  }

  /** Reads what a block event carries. */
  async add(hooks: ReadonlyMap<string, HookTensor>): Promise<void> {
    for (const [name, tensor] of hooks) this.#states.set(name, await tensor.data());
  }

  /** @returns f32[row, id]: log-probabilities under every row, from the embedding up. */
  async logprobs(pos: number, ids: readonly number[], signal: AbortSignal): Promise<Float32Array> {
    const { dModel, nLayers } = this.#model.spec;
    const rows = nLayers + 1;
    const states = new Float32Array(rows * dModel);
    for (let row = 0; row < rows; row++) {
      const name = row === 0 ? blockHookName(0, 'hook_resid_pre') : blockHookName(row - 1, 'hook_resid_post');
      const state = this.#states.get(name);
      if (state === undefined) throw new NotFoundError(`lens: ${name}: the run didn't give it: run again`);
      states.set(state.subarray(pos * dModel, (pos + 1) * dModel), row * dModel);
    }
    const targets = Int32Array.from({ length: rows * ids.length }, (_, i) => ids[i % ids.length] ?? -1);
    const { targetLogprobs } = await this.#model.lens(states, {
      k: 1,
      targets,
      translators: this.#translators,
      layers: Int32Array.from({ length: rows }, (_, row) => row - 1),
      signal,
    });
    return targetLogprobs;
  }
}
