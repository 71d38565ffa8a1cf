/** Asks the engine for the directions of one prediction, and keeps the last answer while the next is made. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { toErrorMessage } from '../../shared/errors.ts';
import type { Engine } from '../engine/client.ts';
import type { DirectionsAnswer } from '../engine/protocol.ts';
import { isCancelled } from '../words/problems.ts';
import type { RunView, ViewState } from './view-state.ts';

/** What goes into the matrix. */
export interface DirectionsChoice {
  readonly centred: boolean;
  readonly mid: boolean;
  readonly allPositions: boolean;
}

/** An answer with the run that it is of. */
export interface FoundDirections extends DirectionsAnswer {
  readonly run: RunView;
}

export class DirectionsReader implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #key = '';
  /** Of the run that was asked about: the same prompt may run again. */
  #ids: readonly number[] | undefined;
  #asking: AbortController | undefined;
  found: FoundDirections | undefined;
  /** What went wrong with the last question. */
  problem: string | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  get busy(): boolean {
    return this.#asking !== undefined;
  }

  hostDisconnected(): void {
    // What was read stays for when the view is shown again.
    if (this.#asking) this.#key = '';
    this.#asking?.abort();
    this.#asking = undefined;
  }

  /** Asks anew where anything differs from the last question; waits while a run goes on. */
  follow(engine: Engine, { phase, run }: ViewState, pos: number | undefined, choice: DirectionsChoice): void {
    if (!run) {
      this.found = undefined;
      this.#key = '';
      return;
    }
    if (phase !== 'done' || !run.timings || pos === undefined || !engine.alive) return;
    const { centred, mid, allPositions } = choice;
    const key = [run.model.id, run.ids.join(), pos, centred, mid, allPositions].join(':');
    if (key === this.#key && run.ids === this.#ids) return;
    this.#key = key;
    this.#ids = run.ids;
    void this.#ask(engine, run, pos, choice);
  }

  async #ask(engine: Engine, run: RunView, pos: number, choice: DirectionsChoice): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.problem = undefined;
    try {
      const answer = await engine.directions({ ids: run.ids, pos, ...choice }, asking.signal);
      if (this.#asking === asking) this.found = { ...answer, run };
    } catch (error) {
      if (this.#asking === asking && !isCancelled(error)) {
        this.found = undefined;
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
