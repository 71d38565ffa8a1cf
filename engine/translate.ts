/** Translators at work: a row's states as the last layer would have them, on the device, before the final norm. */
import { translateGraph } from '../shared/graph/translate.ts';
import type { Translator } from '../shared/lens/translators.ts';
import type { Runtime, Session, Tensor } from './runtime.ts';

export class Translate {
  readonly #runtime: Runtime;
  readonly #d: number;
  #session: Promise<Session> | undefined;

  constructor(runtime: Runtime, dModel: number) {
    this.#runtime = runtime;
    this.#d = dModel;
  }

  /** resid f32[batch, pos, d_model] → f32[1, batch · pos, d_model]: caller disposes. */
  async apply(resid: Tensor, { weight, bias }: Translator): Promise<Tensor> {
    this.#session ??= this.#runtime.session('translator', translateGraph(this.#d)).catch((error: unknown) => {
      this.#session = undefined;
      throw error;
    });
    const out = await (
      await this.#session
    ).run({
      resid,
      weight: this.#runtime.floats(weight, [this.#d, this.#d]),
      bias: this.#runtime.floats(bias, [this.#d]),
    });
    return out['translated'] as Tensor;
  }

  async dispose(): Promise<void> {
    const session = await this.#session;
    this.#session = undefined;
    await session?.release();
  }
}
