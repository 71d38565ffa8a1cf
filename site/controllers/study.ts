/** Asks the engine for a study, tells how far it is, and keeps the last answer while the next comes. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { toErrorMessage } from '../../shared/errors.ts';
import type { ModelInfo } from '../engine/protocol.ts';
import type { Studies, StudyName } from '../engine/study-protocol.ts';
import { isCancelled } from '../words/problems.ts';
import type { Session } from './session.ts';

/** Bytes of weights up to which readings of the weights and passes over texts run without being asked: some seconds. */
const SMALL = 40e6;

export function soonDone({ weightBytes }: ModelInfo): boolean {
  return weightBytes <= SMALL;
}

export class StudyReader<N extends StudyName> implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #name: N;
  #key: string | undefined;
  #of: ModelInfo | undefined;
  #asking: AbortController | undefined;
  answer: Studies[N]['answer'] | undefined;
  step: Studies[N]['step'] | undefined;
  problem: string | undefined;
  cancelled = false;

  constructor(host: ReactiveControllerHost, name: N) {
    this.#host = host;
    this.#name = name;
    host.addController(this);
  }

  /** It goes on while another view is shown. */
  hostConnected(): void {
    this.#host.requestUpdate();
  }

  get busy(): boolean {
    return this.#asking !== undefined;
  }

  cancel(): void {
    this.#asking?.abort();
  }

  /** Ends what goes on, to be asked again: the answer before it stays. */
  pause(): void {
    this.cancel();
    this.#asking = this.#key = undefined;
  }

  /** Nothing is asked any more, and nothing is shown. */
  forget(): void {
    if (this.#key === undefined && this.answer === undefined && !this.#asking) return;
    this.cancel();
    this.#asking = this.#key = undefined;
    this.answer = this.step = this.problem = undefined;
    this.cancelled = false;
  }

  /** What was asked of another model is forgotten. */
  about(info: ModelInfo | undefined): void {
    if (info !== this.#of) this.forget();
    this.#of = info;
  }

  /** Asks where the key differs from the last question's, once no run goes on. */
  follow(session: Session, key: string, ask: () => Studies[N]['ask']): void {
    const { phase, run } = session.store.state;
    if (key === this.#key || phase !== 'done' || run?.trace || !session.engine.alive) return;
    this.#key = key;
    void this.read(session, ask());
  }

  async read(session: Session, ask: Studies[N]['ask']): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.problem = this.step = undefined;
    this.cancelled = false;
    this.#host.requestUpdate();
    try {
      const answer = await session.engine.study(this.#name, ask, asking.signal, (step) => {
        if (this.#asking !== asking) return;
        this.step = step;
        this.#host.requestUpdate();
      });
      if (this.#asking === asking) this.answer = answer;
    } catch (error) {
      if (this.#asking !== asking) return;
      if (isCancelled(error)) this.cancelled = true;
      else {
        this.answer = undefined;
        this.problem = toErrorMessage(error).message;
      }
    } finally {
      if (this.#asking === asking) {
        this.#asking = undefined;
        this.#host.requestUpdate();
      }
    }
  }
}
