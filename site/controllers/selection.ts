/** The selected cell, the one under the pointer, and the pinned tokens with their paths through the layers. */
import type { Trajectory } from '../../shared/lens/readings.ts';
import type { Engine } from '../engine/client.ts';
import type { Store } from './store.ts';
import { currentCell, MAX_PINS, pathKey, type Cell } from './view-state.ts';

/** Milliseconds that the pointer rests on a column before pins are read out there. */
const REST = 50;

export class Selection {
  readonly #engine: Engine;
  readonly #store: Store;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(engine: Engine, store: Store) {
    this.#engine = engine;
    this.#store = store;
    store.subscribe((state, before) => {
      if (state.phase !== 'done' || !state.run) return;
      const moved = currentCell(state)?.pos !== currentCell(before)?.pos;
      if (moved || state.pins !== before.pins || state.phase !== before.phase) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => void this.#readPins(), moved ? REST : 0);
      }
    });
  }

  hover(cell: Cell | undefined): void {
    const { hovered } = this.#store.state;
    if (hovered?.layer !== cell?.layer || hovered?.pos !== cell?.pos) this.#store.set({ hovered: cell });
  }

  select(cell: Cell | undefined): void {
    this.#store.set({ selected: cell });
  }

  /** A head of the selected layer, or of any other that is shown. */
  selectHead(head: number | undefined): void {
    this.#store.set({ head });
  }

  /** Pins a token, or takes its pin away. Past the limit the oldest pin goes. */
  toggle(id: number): void {
    const { pins } = this.#store.state;
    const rest = pins.filter((pin) => pin !== id);
    this.#store.set({ pins: rest.length < pins.length ? rest : [...pins, id].slice(-MAX_PINS) });
  }

  /** Takes all pins away; when there are none, the selection. */
  clear(): void {
    const { pins } = this.#store.state;
    if (pins.length > 0) this.#store.set({ pins: [] });
    else this.#store.set({ selected: undefined });
  }

  async #readPins(): Promise<void> {
    const { run, pins, paths, pinTexts, phase } = this.#store.state;
    const pos = currentCell(this.#store.state)?.pos;
    if (run?.trace && pos !== undefined) {
      const { path } = run.trace;
      this.#store.set({ paths: new Map(pins.map((id) => [pathKey(pos, id), path(pos, id)])) });
      return;
    }
    if (!run || pos === undefined || phase !== 'done' || !run.timings || !this.#engine.alive) return;
    const unread = pins.filter((id) => !paths.has(pathKey(pos, id)));
    const unnamed = pins.filter((id) => !run.texts.has(id) && !pinTexts.has(id));
    try {
      const found: readonly Trajectory[] =
        unread.length > 0 ? await this.#engine.trajectories(pos, unread) : [];
      const { texts } = unnamed.length > 0 ? await this.#engine.texts(unnamed) : { texts: [] };
      const now = this.#store.state;
      if (now.run?.ids !== run.ids || now.phase !== 'done') return;
      if (found.length > 0) {
        this.#store.set({
          paths: new Map([...now.paths, ...found.map((path) => [pathKey(pos, path.tokenId), path] as const)]),
        });
      }
      if (texts.length > 0) this.#store.set({ pinTexts: new Map([...now.pinTexts, ...texts]) });
    } catch {
      // A run that began meanwhile took the states; its end asks again.
    }
  }
}
