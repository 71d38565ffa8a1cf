/** One-way flow: controllers replace the state, elements are told and read it. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { ViewState } from './view-state.ts';

export class Store {
  #state: ViewState;
  readonly #listeners = new Set<(state: ViewState, before: ViewState) => void>();

  constructor(initial: ViewState) {
    this.#state = initial;
  }

  get state(): ViewState {
    return this.#state;
  }

  /** Replaces what the patch names; listeners hear of it only when something differs. */
  set(patch: Partial<ViewState>): void {
    const before = this.#state;
    const keys = Object.keys(patch) as (keyof ViewState)[];
    if (keys.every((key) => Object.is(before[key], patch[key]))) return;
    this.#state = { ...before, ...patch };
    for (const listener of this.#listeners) listener(this.#state, before);
  }

  /** @returns a function that ends it. */
  subscribe(listener: (state: ViewState, before: ViewState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Renders its element again when one of the named parts of the state was replaced. */
export class Watch implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #store: Store;
  readonly #keys: readonly (keyof ViewState)[];
  #end: (() => void) | undefined;

  constructor(host: ReactiveControllerHost, store: Store, keys: readonly (keyof ViewState)[]) {
    this.#host = host;
    this.#store = store;
    this.#keys = keys;
  }

  hostConnected(): void {
    this.#end = this.#store.subscribe((state, before) => {
      if (this.#keys.some((key) => state[key] !== before[key])) this.#host.requestUpdate();
    });
    this.#host.requestUpdate();
  }

  hostDisconnected(): void {
    this.#end?.();
  }
}
