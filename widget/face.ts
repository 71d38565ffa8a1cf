/** The element's inside: head, body and foot that stay, so that a prompt being typed survives a new table. */
import type { TraceData } from '../shared/trace/data.ts';
import { make } from './dom.ts';
import type { Theme } from './options.ts';
import { shownPrompt, summaryOf } from './view.ts';

/** What the element is doing: `idle` has nothing to show yet; `running` is a live run. */
export type WidgetState = 'idle' | 'loading' | 'running' | 'ready' | 'error';

export class Face {
  readonly element: HTMLElement;
  readonly #prompt = make('p', { class: 'prompt', part: 'prompt' });
  readonly #meta = make('p', { class: 'dim meta', part: 'meta' });
  readonly #live = make('div', { class: 'place' });
  readonly #body = make('div');
  readonly #foot = make('footer', { class: 'dim foot', part: 'foot' });

  constructor() {
    const head = make('header', { class: 'head' }, this.#prompt, this.#meta, this.#live);
    this.element = make('div', { class: 'frame', part: 'frame' }, head, this.#body, this.#foot);
  }

  /** CSS pixels inside the frame. */
  get width(): number {
    const { paddingLeft, paddingRight } = getComputedStyle(this.element);
    return this.element.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight) || 0;
  }

  /** @param around the element, whose page may say what its scheme is; else the reader's own counts. */
  dress(theme: Theme, around: Element): void {
    const unsaid = getComputedStyle(around).colorScheme === 'normal';
    this.element.dataset['theme'] = theme === 'auto' && unsaid ? 'reader' : theme;
  }

  /** What lies above and below the table. */
  tell(prompt: string, meta: string, address: URL | undefined): void {
    this.#prompt.replaceChildren(...(prompt === '' ? [] : [make('bdi', {}, shownPrompt(prompt))]));
    this.#meta.textContent = meta;
    this.#foot.replaceChildren(
      ...(address
        ? [make('a', { href: address.href, target: '_blank', rel: 'noopener' }, 'Open in Residscope')]
        : []),
    );
  }

  tellTrace(trace: TraceData, prompt: string, address: URL | undefined): void {
    this.tell(prompt, summaryOf(trace), address);
  }

  set live(panel: HTMLElement | undefined) {
    this.#live.replaceChildren(...(panel ? [panel] : []));
  }

  set state(state: WidgetState) {
    this.element.dataset['state'] = state;
    this.#body.classList.toggle('busy', state === 'running');
    this.#body.setAttribute('aria-busy', String(state === 'running' || state === 'loading'));
  }

  show(...parts: readonly HTMLElement[]): void {
    this.#body.replaceChildren(...parts);
  }

  /** What the post's author put inside, or something in its place. */
  showFallback(otherwise: string | undefined): void {
    const bars = Array.from({ length: 5 }, () => make('i'));
    const inside =
      otherwise === undefined
        ? make('div', { class: 'waiting', role: 'status', 'aria-label': 'Loading the lens' }, ...bars)
        : make('p', { class: 'dim' }, otherwise);
    this.show(make('slot', {}, inside));
  }

  /** @param again undefined where another try would end the same. */
  showError(message: string, again: (() => void) | undefined): void {
    const button = make('button', { class: 'button', part: 'button', type: 'button' }, 'Try again');
    if (again) button.addEventListener('click', again);
    const box = make(
      'div',
      { class: 'error', part: 'error', role: 'alert' },
      make('p', {}, make('b', {}, 'This lens can’t be shown. '), message),
      ...(again ? [button] : []),
    );
    this.show(box, make('slot'));
  }
}
