/** Tokenized prompts in the isolate's own memory, in front of a store that is further away. */
import { ByteLru } from './byte-lru.ts';
import type { PromptStore } from './ports.ts';

/** Bytes of an entry besides its text: key, map slot, object. An estimate. */
const OVERHEAD = 300;

export class NearPrompts implements PromptStore {
  readonly #far: PromptStore;
  readonly #near: ByteLru<string>;

  /** @param limit bytes. */
  constructor(far: PromptStore, limit: number) {
    this.#far = far;
    this.#near = new ByteLru(limit);
  }

  async get(key: string): Promise<string | undefined> {
    const near = this.#near.get(key);
    if (near !== undefined) return near;
    const far = await this.#far.get(key);
    if (far !== undefined) this.#keep(key, far);
    return far;
  }

  put(key: string, value: string): Promise<void> {
    this.#keep(key, value);
    return this.#far.put(key, value);
  }

  /** Two bytes a code unit at most. */
  #keep(key: string, value: string): void {
    this.#near.set(key, value, value.length * 2 + OVERHEAD);
  }
}
