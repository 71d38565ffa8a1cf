/** A combobox over the vocabulary, which the engine's thread searches: picks a token to pin or to colour by. */
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { visibleText } from '../../shared/picture/visible.ts';
import { count } from '../controllers/numbers.ts';
import type { Session } from '../controllers/session.ts';
import type { ViewState } from '../controllers/view-state.ts';
import type { TokenMatches } from '../engine/protocol.ts';
import { shared } from '../styles/shared.ts';
import { openDialog } from './dialog.ts';
import { Panel } from './panel.ts';

/** `follow`: through both of two runs side by side. */
export type Purpose = 'target' | 'pin' | 'follow';

const TITLES: Record<Purpose, string> = {
  target: 'Colour by a token',
  pin: 'Pin a token',
  follow: 'Follow a token',
};

const LIMIT = 40;
const EMPTY: TokenMatches = { matches: [], total: 0 };

export function showTokenSearch(session: Session, purpose: Purpose): void {
  openDialog(
    TITLES[purpose],
    (close) =>
      html`<rs-token-search .session=${session} .purpose=${purpose} @rs-picked=${close}></rs-token-search>`,
  );
}

export class TokenSearchElement extends Panel {
  static override properties = {
    ...Panel.properties,
    purpose: { attribute: false },
    query: { state: true },
    found: { state: true },
    active: { state: true },
    trouble: { state: true },
  };
  static override styles = [
    shared,
    css`
      :host {
        min-height: 320px;
      }
      input {
        width: 100%;
        margin-top: 8px;
        padding: 8px 10px;
        border: 1px solid var(--line-strong);
        border-radius: 8px;
        background: var(--bg);
      }
      .small {
        margin: 8px 0 4px;
      }
      [role='listbox'] {
        max-height: 46vh;
        margin: 0;
        padding: 0;
        overflow: auto;
      }
      [role='option'] {
        display: flex;
        gap: 10px;
        align-items: center;
        justify-content: space-between;
        min-height: 30px;
        padding: 2px 8px;
        border-radius: 7px;
        cursor: pointer;
      }
      [role='option'][aria-selected='true'] {
        background: var(--chip);
        box-shadow: inset 2px 0 0 var(--accent);
      }
      .token {
        overflow: hidden;
        text-overflow: ellipsis;
      }
    `,
  ];
  declare purpose: Purpose;
  declare query: string;
  declare found: TokenMatches;
  declare active: number;
  declare trouble: string | undefined;
  protected readonly shows = ['info'] as const satisfies (keyof ViewState)[];

  constructor() {
    super();
    this.query = '';
    this.found = EMPTY;
    this.active = 0;
  }

  protected override firstUpdated(changed: PropertyValues<this>): void {
    super.firstUpdated(changed);
    this.renderRoot.querySelector('input')?.focus();
  }

  protected override render(): TemplateResult {
    const { matches, total } = this.found;
    const shown = matches.length > 0;
    return html`
      <p class="small">
        Search all ${count(this.state.info?.spec.dVocab ?? 0)} tokens, or name one by its id: #471. A dot
        marks the space in front of a word.
      </p>
      <input
        type="text"
        role="combobox"
        aria-label="Token"
        aria-expanded=${shown ? 'true' : 'false'}
        aria-controls="matches"
        aria-autocomplete="list"
        aria-activedescendant=${shown ? `match-${this.active}` : nothing}
        autocomplete="off"
        spellcheck="false"
        .value=${this.query}
        @input=${(event: Event) => void this.#search((event.target as HTMLInputElement).value)}
        @keydown=${(event: KeyboardEvent) => this.#key(event)}
      />
      <p class="small" role="status">${this.#status(total, matches.length)}</p>
      <div id="matches" role="listbox" aria-label="Tokens found">
        ${matches.map(
          ([id, text], i) =>
            html`<div
              id=${`match-${i}`}
              role="option"
              aria-selected=${i === this.active ? 'true' : 'false'}
              @click=${() => this.#pick(id)}
            >
              <span class="token">${visibleText(text)}</span><span class="small">#${id}</span>
            </div>`,
        )}
      </div>
    `;
  }

  #status(total: number, shown: number): string {
    if (this.trouble !== undefined) return this.trouble;
    if (this.query === '') return 'Nothing typed yet.';
    if (total === 0)
      return 'No token has this in it. A word may be made of several tokens: try its beginning.';
    return shown < total ? `The best ${shown} of ${count(total)}` : `${count(total)} found`;
  }

  async #search(query: string): Promise<void> {
    this.query = query;
    try {
      const found = await this.session.searchTokens(query, LIMIT);
      if (query !== this.query) return;
      this.found = found;
      this.active = 0;
      this.trouble = undefined;
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error);
    }
  }

  #key(event: KeyboardEvent): void {
    const last = this.found.matches.length - 1;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) this.active = Math.min(Math.max(this.active + step, 0), Math.max(last, 0));
    else if (event.key === 'Enter') {
      const id = this.found.matches[this.active]?.[0];
      if (id !== undefined) this.#pick(id);
    } else return;
    event.preventDefault();
    void this.updateComplete.then(() => {
      this.renderRoot.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
    });
  }

  #pick(id: number): void {
    if (this.purpose === 'target') this.session.setTarget(id);
    else if (this.purpose === 'follow') this.session.setOption('compare-of', String(id));
    else if (!this.state.pins.includes(id)) this.session.selection.toggle(id);
    this.dispatchEvent(new CustomEvent('rs-picked'));
  }
}
customElements.define('rs-token-search', TokenSearchElement);
