/** "Run live" and what it turns into: the prompt to edit, Run, Cancel, progress, and what went wrong. */
import type { LiveProgress } from '../shared/live-protocol.ts';
import { make } from './dom.ts';

export interface LivePorts {
  run(): void;
  cancel(): void;
}

export class LivePanel {
  readonly element = make('div', { class: 'live', part: 'live' });
  readonly #ports: LivePorts;
  readonly #start: HTMLButtonElement;
  readonly #form: HTMLFormElement;
  readonly #text: HTMLTextAreaElement;
  readonly #run = make('button', { class: 'button primary', part: 'button run', type: 'submit' }, 'Run');
  readonly #cancel = make(
    'button',
    { class: 'button', part: 'button', type: 'button', hidden: '' },
    'Cancel',
  );
  readonly #bar = make(
    'div',
    { class: 'progress', role: 'progressbar', 'aria-label': 'Live run', hidden: '' },
    make('i'),
  );
  readonly #said = make('p', { class: 'dim', role: 'status' });
  readonly #wrong = make('p', { class: 'wrong', role: 'alert', part: 'error' });

  /** @param model that a run takes, for the reader to know before anything is downloaded. */
  constructor(model: string, prompt: string, ports: LivePorts) {
    this.#ports = ports;
    this.#start = make(
      'button',
      {
        class: 'button',
        part: 'button run',
        type: 'button',
      },
      'Run live',
    );
    this.model = model;
    this.#text = make('textarea', { rows: '2', 'aria-label': 'Prompt', part: 'input', spellcheck: 'false' });
    this.#text.value = prompt;
    this.#form = make('form', { hidden: '' }, this.#text, make('div', {}, this.#run, this.#cancel));
    this.element.append(this.#start, this.#form, this.#bar, this.#said, this.#wrong);
    this.#start.addEventListener('click', () => {
      this.#start.hidden = true;
      this.#form.hidden = false;
      this.#text.focus();
      ports.run();
    });
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      ports.run();
    });
    this.#text.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#form.requestSubmit();
      }
    });
    this.#cancel.addEventListener('click', () => this.#ports.cancel());
  }

  set model(name: string) {
    this.#start.title = `Runs ${name} in your browser; nothing you type leaves it`;
  }

  get prompt(): string {
    return this.#text.value;
  }

  /** Another prompt to start from: of another trace, or by script. */
  set prompt(value: string) {
    this.#text.value = value;
  }

  running(): void {
    this.#start.hidden = true;
    this.#form.hidden = false;
    this.#wrong.textContent = '';
    this.#said.textContent = 'Starting the engine …';
    this.#bar.hidden = false;
    this.#cancel.hidden = false;
    this.#share(undefined);
  }

  progress(progress: LiveProgress): void {
    if (progress.phase === 'loading') {
      const { loadedBytes, totalBytes } = progress;
      const of = totalBytes > 0 ? `: ${megabytes(loadedBytes)} of ${megabytes(totalBytes)}` : ' …';
      this.#said.textContent = `Loading the model${of}`;
      this.#share(totalBytes > 0 ? loadedBytes / totalBytes : undefined);
    } else {
      this.#said.textContent = `Layer ${progress.rows} of ${progress.of}`;
      this.#share(progress.rows / progress.of);
    }
  }

  /** @param said for all readers. @param wrong where it failed. */
  ended(said: string, wrong = ''): void {
    const root = this.element.getRootNode();
    const focused = root instanceof ShadowRoot && root.activeElement === this.#cancel;
    this.#bar.hidden = true;
    this.#cancel.hidden = true;
    this.#said.textContent = said;
    this.#wrong.textContent = wrong;
    if (focused) this.#text.focus();
  }

  #share(share: number | undefined): void {
    const inner = this.#bar.firstElementChild;
    if (inner instanceof HTMLElement) inner.style.width = `${share === undefined ? 100 : share * 100}%`;
    this.#bar.classList.toggle('unknown', share === undefined);
    if (share === undefined) this.#bar.removeAttribute('aria-valuenow');
    else this.#bar.setAttribute('aria-valuenow', String(Math.round(share * 100)));
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
