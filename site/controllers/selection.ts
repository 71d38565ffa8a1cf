/** The selected cell, the one under the pointer, and the pinned tokens with their paths through the layers. */
import type { Trajectory } from '../../shared/lens/readings.ts';
import type { Engine } from '../engine/client.ts';
import type { Store } from './store.ts';
import { currentCell, idsOf, MAX_PINS, pathKey, type Cell } from './view-state.ts';

/** Milliseconds that the pointer rests on a column before pins are read out there. */
const REST = 50;
/** Spellings that one pin may stand for. */
const MAX_GROUP = 16;

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
      if (
        moved ||
        state.pins !== before.pins ||
        state.groups !== before.groups ||
        state.phase !== before.phase
      ) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => void this.#readPins(), moved ? REST : 0);
      }
    });
  }

  hover(cell: Cell | undefined): void {
    const { hovered } = this.#store.state;
    if (!sameCell(hovered, cell)) this.#store.set({ hovered: cell });
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
    const { pins, groups } = this.#store.state;
    const rest = pins.filter((pin) => !idsOf(pin, groups).includes(id));
    const now = rest.length < pins.length ? rest : [...pins, id].slice(-MAX_PINS);
    this.#store.set({ pins: now, groups: new Map([...groups].filter(([pin]) => now.includes(pin))) });
  }

  /** Makes a pin stand for all spellings of its word, or for its own token again. */
  async group(pin: number): Promise<void> {
    const { groups } = this.#store.state;
    if (groups.has(pin)) {
      this.#store.set({ groups: new Map([...groups].filter(([id]) => id !== pin)) });
      return;
    }
    const found = (await this.#engine.spellings(pin)).slice(0, MAX_GROUP);
    const now = this.#store.state;
    if (!now.pins.includes(pin)) return;
    const ids = found.map(([id]) => id);
    this.#store.set({
      // A spelling that has a pin of its own is counted once.
      pins: now.pins.filter((id) => id === pin || !ids.includes(id)),
      groups: new Map([...now.groups, [pin, ids]]),
      pinTexts: new Map([...now.pinTexts, ...found]),
    });
  }

  /** Takes all pins away; when there are none, the selection. */
  clear(): void {
    const { pins } = this.#store.state;
    if (pins.length > 0) this.#store.set({ pins: [], groups: new Map() });
    else this.#store.set({ selected: undefined });
  }

  async #readPins(): Promise<void> {
    const { run, paths, pinTexts, phase, groups } = this.#store.state;
    const pins = this.#store.state.pins.flatMap((pin) => idsOf(pin, groups));
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

export function sameCell(a: Cell | undefined, b: Cell | undefined): boolean {
  return a?.layer === b?.layer && a?.pos === b?.pos && a?.mid === b?.mid;
}
