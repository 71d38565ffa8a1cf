/**
 * The prompt as text, each token shaded by what it gives to the token in question or gets from it. Spans are made once
 * a prompt and painted in place: a pointer that moves over 256 tokens costs no rendering.
 */
import { inkOn, rampColor, type ColorScheme } from '../../shared/picture/ramp.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { LongPress } from '../controllers/long-press.ts';
import type { PlaceEvent } from './attention-map.ts';
import { attentionTextSheet } from '../styles/attention-text.ts';

export interface TextContent {
  readonly pieces: readonly string[];
  /** The token in question. */
  readonly pos: number;
  /** 0 to 1 a token; NaN where there can be none. */
  readonly shares: readonly number[];
  readonly label: string;
  readonly scheme: ColorScheme;
  readonly title: (pos: number) => string;
}

export class AttentionTextElement extends HTMLElement {
  readonly #text = document.createElement('div');
  #tokens: HTMLElement[] = [];
  #pieces: readonly string[] | undefined;
  #content: TextContent | undefined;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [attentionTextSheet()];
    this.#text.setAttribute('role', 'radiogroup');
    root.append(this.#text);
    this.#text.addEventListener('pointerover', (event) => {
      if (event.pointerType !== 'touch') this.#tell('look', this.#indexOf(event));
    });
    this.#text.addEventListener('pointerleave', (event) => {
      if (event.pointerType !== 'touch') this.#tell('look', -1);
    });
    const press = new LongPress<number>({
      show: (pos) => this.#tell('look', pos),
      hide: () => this.#tell('look', -1),
    });
    this.#text.addEventListener('pointerdown', (event) => {
      const pos = this.#indexOf(event);
      press.down(event, pos < 0 ? undefined : pos);
    });
    this.#text.addEventListener('click', (event) => this.#tell('pick', this.#indexOf(event)));
    this.#text.addEventListener('keydown', (event) => this.#keydown(event));
  }

  set content(content: TextContent) {
    const before = this.#content;
    this.#content = content;
    if (content.pieces !== this.#pieces) this.#make(content.pieces);
    this.#text.setAttribute('aria-label', content.label);
    this.#tokens.forEach((token, pos) => {
      const share = content.shares[pos] ?? Number.NaN;
      const own = pos === content.pos;
      const color = rampColor(share, content.scheme);
      token.style.background = Number.isNaN(share) ? '' : color;
      token.style.color = Number.isNaN(share) ? '' : inkOn(color);
      token.classList.toggle('unseen', Number.isNaN(share));
      if (own !== (before?.pos === pos) || !before || before.pieces !== content.pieces) {
        token.setAttribute('aria-checked', String(own));
        token.tabIndex = own ? 0 : -1;
      }
      token.title = content.title(pos);
    });
  }

  #make(pieces: readonly string[]): void {
    this.#pieces = pieces;
    this.#tokens = pieces.map((piece, pos) => {
      const token = document.createElement('span');
      token.setAttribute('role', 'radio');
      token.setAttribute('aria-label', `${pos}: ${visibleText(piece)}`);
      token.textContent = visibleText(piece);
      return token;
    });
    this.#text.replaceChildren(...this.#tokens.flatMap((token) => [token, document.createElement('wbr')]));
  }

  #indexOf(event: Event): number {
    return this.#tokens.findIndex((token) => token === event.target);
  }

  #tell(name: 'look' | 'pick', pos: number): void {
    if (pos < 0 && name === 'pick') return;
    const detail = pos < 0 ? null : { dest: pos, src: pos };
    this.dispatchEvent(new CustomEvent(name, { detail }) satisfies PlaceEvent);
  }

  #keydown(event: KeyboardEvent): void {
    const at = this.#indexOf(event);
    const last = this.#tokens.length - 1;
    const to = {
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at - 1,
      ArrowUp: at - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    if (to < 0 || to > last) return;
    this.#tell('pick', to);
    this.#tokens[to]?.focus();
  }
}
customElements.define('rs-attention-text', AttentionTextElement);
