/** Asks the engine what the induction circuit makes of a text, and keeps the last answer while the next comes. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { toErrorMessage } from '../../shared/errors.ts';
import type { InductionPair } from '../../shared/heads/reading.ts';
import type { CircuitAnswer } from '../engine/study-protocol.ts';
import { isCancelled, promptProblem } from '../words/problems.ts';
import type { Session } from './session.ts';

/** A name that no training text has: only the context can tell how it goes on. */
export const DEMONSTRATION = 'Mr Brindle met Captain Orlo by the river. In the morning Captain';

export class CircuitReader implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #asking: AbortController | undefined;
  answer: CircuitAnswer | undefined;
  problem: string | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.#host.requestUpdate();
  }

  get busy(): boolean {
    return this.#asking !== undefined;
  }

  async read(session: Session, text: string, { previous, induction }: InductionPair): Promise<void> {
    this.#asking?.abort();
    const wrong = promptProblem(text);
    if (wrong) {
      this.#asking = undefined;
      this.problem = wrong.message;
      this.#host.requestUpdate();
      return;
    }
    const asking = new AbortController();
    this.#asking = asking;
    this.problem = undefined;
    this.#host.requestUpdate();
    try {
      const { bos } = session.store.state;
      const ask = { text, bos, previous, induction };
      const answer = await session.engine.study('circuit', ask, asking.signal);
      if (this.#asking === asking) this.answer = answer;
    } catch (error) {
      if (this.#asking === asking && !isCancelled(error)) this.problem = toErrorMessage(error).message;
    } finally {
      if (this.#asking === asking) {
        this.#asking = undefined;
        this.#host.requestUpdate();
      }
    }
  }
}
