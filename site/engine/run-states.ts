/** The residual states of the last run, row by row, so that a token is read out without running the model again. */
import type { HookTensor } from '../../engine/api.ts';
import type { Translators } from '../../shared/lens/translators.ts';
import { InputError } from '../../shared/errors.ts';

/** The states that the lens reads, in the order of its rows. */
const FIRST_STATE = 'blocks.0.hook_resid_pre';
const STATE_HOOKS = [FIRST_STATE, 'blocks.*.hook_resid_post'];
const MID_HOOK = 'blocks.*.hook_resid_mid';

export class RunStates {
  /** The run has rows after attention too. */
  readonly mid: boolean;
  /** f32[pos, d_model] each: the embedding row's and each layer's. */
  readonly #whole: Float32Array[] = [];
  /** The same after attention, by layer. */
  readonly #mids: Float32Array[] = [];

  /** What the run was read with; undefined: the raw lens. */
  readonly lens: Translators | undefined;

  constructor(mid = false, lens?: Translators) {
    this.mid = mid;
    this.lens = lens;
  }

  /** What the run has to be asked for. */
  get hooks(): readonly string[] {
    return this.mid ? [...STATE_HOOKS, MID_HOOK] : STATE_HOOKS;
  }

  async add(layer: number, hooks: ReadonlyMap<string, HookTensor>): Promise<void> {
    for (const [name, tensor] of hooks) {
      if (name.endsWith('.hook_resid_mid')) this.#mids[layer] = await tensor.data();
      else this.#whole[name === FIRST_STATE ? 0 : layer + 1] = await tensor.data();
    }
  }

  /**
   * f32[pos, d_model] of a row in the order of the run's readings: a layer's row after attention before its own.
   *
   * @throws {InputError} for a row that is not there, or not yet.
   */
  row(row: number): Float32Array {
    const half = this.mid && row % 2 === 1;
    const states = half ? this.#mids[(row - 1) / 2] : this.#whole[this.mid ? row / 2 : row];
    if (!states) throw new InputError(`engine: row ${row}: no finished run to read a token from`);
    return states;
  }

  /**
   * f32[row, d_model] of one position, without the rows after attention.
   *
   * @throws {InputError} unless all `rows` are there.
   */
  column(pos: number, rows: number, dModel: number): Float32Array {
    if (this.#whole.length !== rows) throw new InputError('engine: no finished run to read a token from');
    const states = new Float32Array(rows * dModel);
    this.#whole.forEach((row, r) => states.set(row.subarray(pos * dModel, (pos + 1) * dModel), r * dModel));
    return states;
  }

  /** These states, and after them those of a run that went on from here. */
  joined(next: RunStates): RunStates {
    const join = (a: Float32Array, b: Float32Array): Float32Array => {
      const both = new Float32Array(a.length + b.length);
      both.set(a);
      both.set(b, a.length);
      return both;
    };
    return this.#each((row, i, mids) =>
      join(row, (mids ? next.#mids : next.#whole)[i] ?? new Float32Array()),
    );
  }

  /** The states of the first positions alone. */
  first(positions: number, dModel: number): RunStates {
    return this.#each((row) => row.slice(0, positions * dModel));
  }

  #each(of: (row: Float32Array, i: number, mids: boolean) => Float32Array): RunStates {
    const states = new RunStates(this.mid, this.lens);
    this.#whole.forEach((row, i) => (states.#whole[i] = of(row, i, false)));
    this.#mids.forEach((row, i) => (states.#mids[i] = of(row, i, true)));
    return states;
  }
}
