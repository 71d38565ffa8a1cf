/** The reader's own target: one token, read out of every row of the finished run, a row after the other. */
import type { TargetReadings } from '../../shared/lens/readings.ts';
import type { Engine } from '../engine/client.ts';
import { isCancelled } from '../words/problems.ts';
import type { Store } from './store.ts';

export class TargetReader {
  readonly #engine: Engine;
  readonly #store: Store;
  #reading: AbortController | undefined;

  constructor(engine: Engine, store: Store) {
    this.#engine = engine;
    this.#store = store;
    store.subscribe((state, before) => {
      if (state.target === before.target && state.phase === before.phase && state.run === before.run) return;
      const { target, phase, run, chosen } = state;
      if (typeof target !== 'number') {
        this.#reading?.abort();
        store.set({ chosen: undefined });
      } else if (phase !== 'done' || !run?.timings) this.#reading?.abort();
      else if (chosen?.id !== target) void this.#read(target);
    });
  }

  async #read(id: number): Promise<void> {
    this.#reading?.abort();
    const controller = new AbortController();
    this.#reading = controller;
    const { run, pinTexts } = this.#store.state;
    if (!run || !this.#engine.alive) return;
    if (id >= run.model.spec.dVocab) {
      this.#store.set({ target: 'top', chosen: undefined });
      return;
    }
    this.#store.set({ chosen: { id, rows: [] } });
    const ids = run.ids.map(() => id);
    const rows: TargetReadings[] = [];
    try {
      if (!run.texts.has(id) && !pinTexts.has(id)) {
        const { texts } = await this.#engine.texts([id]);
        this.#store.set({ pinTexts: new Map([...this.#store.state.pinTexts, ...texts]) });
      }
      const count = run.rows.length + (run.mid?.rows.length ?? 0);
      for (let row = 0; row < count; row++) {
        rows.push(await this.#engine.target({ row, ids }, controller.signal));
        if (controller.signal.aborted) return;
        this.#store.set({ chosen: { id, rows: [...rows] } });
      }
    } catch (error) {
      // A run that began meanwhile took the states; its end asks again.
      if (!controller.signal.aborted && !isCancelled(error)) this.#store.set({ chosen: undefined });
    }
  }
}
