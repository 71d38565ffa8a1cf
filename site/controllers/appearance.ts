/**
 * Light or dark: the reader's choice, else the system's. Paper is light; with forced colours the system's own choice
 * holds, because its colours lie beneath ours. The root element's `data-scheme` carries it.
 */
import { keepTheme, keptTheme } from './keepsakes.ts';
import type { Store } from './store.ts';
import type { Theme } from './view-state.ts';

export class Appearance {
  readonly #store: Store;
  readonly #dark = matchMedia('(prefers-color-scheme: dark)');
  readonly #forced = matchMedia('(forced-colors: active)');
  readonly #print = matchMedia('print');

  constructor(store: Store) {
    this.#store = store;
    for (const media of [this.#dark, this.#forced, this.#print]) {
      media.addEventListener('change', () => this.#apply(this.#store.state.theme));
    }
    this.#apply(keptTheme());
  }

  setTheme(theme: Theme): void {
    keepTheme(theme);
    this.#apply(theme);
  }

  #apply(theme: Theme): void {
    const system = this.#dark.matches ? 'dark' : 'light';
    const chosen = theme === 'auto' || this.#forced.matches ? system : theme;
    const scheme = this.#print.matches ? 'light' : chosen;
    document.documentElement.dataset['scheme'] = scheme;
    this.#store.set({ theme, scheme });
  }
}
