/**
 * A long press, for fingers what hovering is for a pointer: what it shows stays when the finger lifts, until the next
 * touch or Escape. A finger that moves scrolls, and shows nothing; a click that ends a long press picks nothing.
 */

/** Milliseconds that a finger rests. */
const HOLD = 480;
/** CSS pixels that it may move meanwhile. */
const SLACK = 10;

export interface PressActs<T> {
  readonly show: (place: T) => unknown;
  readonly hide: () => void;
  /** What belongs to what is shown: a touch there doesn't hide it. */
  readonly within?: () => EventTarget | undefined;
}

export class LongPress<T> {
  readonly #acts: PressActs<T>;
  /** From the finger's touch until it lifts. */
  #gesture: AbortController | undefined;
  /** From what is shown until it is hidden. */
  #shown: AbortController | undefined;

  constructor(acts: PressActs<T>) {
    this.#acts = acts;
  }

  /** A finger came down on `place`, undefined: on nothing. Mice and pens are passed over: they hover. */
  down(event: PointerEvent, place: T | undefined): void {
    if (event.pointerType !== 'touch') return;
    this.end();
    if (place === undefined || !event.isPrimary) return;
    const gesture = new AbortController();
    const { signal } = gesture;
    this.#gesture = gesture;
    const timer = setTimeout(() => this.#show(place), HOLD);
    signal.addEventListener('abort', () => clearTimeout(timer));
    const lift = (): void => gesture.abort();
    for (const name of ['pointerup', 'pointercancel'] as const) addEventListener(name, lift, { signal });
    addEventListener(
      'pointermove',
      ({ clientX, clientY }) => {
        if (Math.hypot(clientX - event.clientX, clientY - event.clientY) >= SLACK) lift();
      },
      { signal },
    );
    // The system's menu of a long press.
    addEventListener('contextmenu', (menu) => menu.preventDefault(), { signal, capture: true });
  }

  /** Forgets a finger that is down, and hides what is shown. */
  end(): void {
    this.#gesture?.abort();
    if (!this.#shown) return;
    this.#shown.abort();
    this.#shown = undefined;
    this.#acts.hide();
  }

  #show(place: T): void {
    const shown = new AbortController();
    const options = { signal: shown.signal, capture: true };
    this.#shown = shown;
    addEventListener(
      'pointerdown',
      (event) => {
        const own = this.#acts.within?.();
        if (!own || !event.composedPath().includes(own)) this.end();
      },
      options,
    );
    addEventListener('keydown', ({ key }) => key === 'Escape' && this.end(), options);
    // Some browsers make a click of the lift; the finger's next touch is one again.
    const click = new AbortController();
    addEventListener('click', (event) => event.stopPropagation(), { signal: click.signal, capture: true });
    addEventListener('pointerdown', () => click.abort(), { signal: click.signal, capture: true });
    this.#acts.show(place);
  }
}
