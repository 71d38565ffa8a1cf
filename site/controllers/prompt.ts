/** The prompt box: what is typed becomes tokens, a moment after the last key. */
import type { Engine } from '../engine/client.ts';
import { LIMITS } from '../../shared/limits.ts';
import { encode } from './chat.ts';
import { startWithin } from '../words/problems.ts';
import type { Store } from './store.ts';

/** Milliseconds without a key before the text is tokenized. */
const PAUSE = 90;

export class Prompt {
  readonly #engine: Engine;
  readonly #store: Store;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(engine: Engine, store: Store) {
    this.#engine = engine;
    this.#store = store;
    store.subscribe((state, before) => {
      if (state.info !== before.info || state.bos !== before.bos || state.chat !== before.chat) this.#soon();
    });
  }

  /** Takes a text as typed, pasted or picked. */
  type(text: string): void {
    this.#store.set({ text, askedIds: undefined });
    this.#soon();
  }

  /** The longest start of the text that the model can read. */
  async shorten(): Promise<void> {
    const { text, bos, chat, info } = this.#store.state;
    let short = startWithin(text, LIMITS.textBytes);
    if (info) {
      // Cutting may change the tokens at the cut, so it is checked, and cut again if need be.
      for (let most = info.spec.nCtx; most > 0; most--) {
        const { ids, offsets } = await encode(this.#engine, info, { text: short, bos, chat });
        if (ids.length <= info.spec.nCtx) break;
        // In a template the places are the template's: the same share of the text is cut off.
        const end = chat
          ? Math.floor((short.length * Math.min(most, info.spec.nCtx)) / (ids.length + 1))
          : (offsets[most - 1]?.[1] ?? 0);
        short = wholeCharacters(short.slice(0, end));
      }
    }
    this.type(short);
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tokenize(), PAUSE);
  }

  async #tokenize(): Promise<void> {
    const { text, bos, chat, info, askedIds } = this.#store.state;
    if (!info || !this.#engine.alive || askedIds) return;
    const stale = (): boolean => {
      const now = this.#store.state;
      return (
        now.text !== text ||
        now.bos !== bos ||
        now.chat !== chat ||
        now.info !== info ||
        now.askedIds !== undefined
      );
    };
    try {
      const start = startWithin(text, LIMITS.textBytes);
      const tokens = await encode(this.#engine, info, { text: start, bos, chat });
      if (!stale()) this.#store.set({ tokens });
    } catch {
      // The chips are a help; a run says what is wrong.
      if (!stale()) this.#store.set({ tokens: undefined });
    }
  }
}

/** Without half of a surrogate pair at the end. */
function wholeCharacters(text: string): string {
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text;
}
