/** Light or dark: the reader's choice, else the system's. The root element's `data-scheme` carries it. */
import { keepTheme, keptTheme } from './keepsakes.ts';
import type { Store } from './store.ts';
import type { Theme } from './view-state.ts';

export class Appearance {
  readonly #store: Store;
  readonly #dark = matchMedia('(prefers-color-scheme: dark)');

  constructor(store: Store) {
    this.#store = store;
    this.#dark.addEventListener('change', () => this.#apply(this.#store.state.theme));
    this.#apply(keptTheme());
  }

  setTheme(theme: Theme): void {
    keepTheme(theme);
    this.#apply(theme);
  }

  #apply(theme: Theme): void {
    const scheme = theme === 'auto' ? (this.#dark.matches ? 'dark' : 'light') : theme;
    document.documentElement.dataset['scheme'] = scheme;
    this.#store.set({ theme, scheme });
  }
}
