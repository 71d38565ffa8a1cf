/** Asks the engine for all scores of the model's heads, once a model, and gives the page the heads' labels. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { HeadsProgress, HeadsReading } from '../../engine/heads-api.ts';
import { toErrorMessage } from '../../shared/errors.ts';
import type { ModelInfo } from '../engine/protocol.ts';
import { headLabelsOf } from '../words/heads.ts';
import { isCancelled } from '../words/problems.ts';
import { soonDone } from './study.ts';
import type { Session } from './session.ts';

export class HeadsReader implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #of: ModelInfo | undefined;
  #asking: AbortController | undefined;
  /** Of the loaded model. */
  reading: HeadsReading | undefined;
  progress: HeadsProgress | undefined;
  problem: string | undefined;
  cancelled = false;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  /** It goes on while another view is shown. */
  hostConnected(): void {
    this.#host.requestUpdate();
  }

  get busy(): boolean {
    return this.#asking !== undefined;
  }

  /** Takes what is kept of another model, or reads it where that is soon done and wanted; waits while a run goes on. */
  follow(session: Session, keptOnly = false): void {
    const { info, phase } = session.store.state;
    if (info !== this.#of) {
      this.#asking?.abort();
      this.#asking = undefined;
      this.#of = undefined;
      this.reading = this.problem = this.progress = undefined;
      this.cancelled = false;
    }
    if (!info || this.#of || phase === 'loading' || phase === 'running' || !session.engine.alive) return;
    this.#of = info;
    void this.read(session, keptOnly || !soonDone(info));
  }

  cancel(): void {
    this.#asking?.abort();
  }

  async read(session: Session, keptOnly = false): Promise<void> {
    const of = this.#of;
    const asking = new AbortController();
    this.#asking = asking;
    this.problem = this.progress = undefined;
    this.cancelled = false;
    this.#host.requestUpdate();
    try {
      const reading = await session.engine.study('heads', { keptOnly }, asking.signal, (progress) => {
        if (this.#asking !== asking) return;
        this.progress = progress;
        this.#host.requestUpdate();
      });
      if (this.#asking !== asking || this.#of !== of) return;
      this.reading = reading;
      if (reading) session.store.set({ headLabels: headLabelsOf(reading) });
    } catch (error) {
      if (this.#asking !== asking) return;
      if (isCancelled(error)) this.cancelled = true;
      else this.problem = toErrorMessage(error).message;
    } finally {
      if (this.#asking === asking) {
        this.#asking = undefined;
        this.#host.requestUpdate();
      }
    }
  }
}
