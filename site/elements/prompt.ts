/** The prompt box: text, its tokens as they are typed, begin-of-text switch, examples, earlier prompts, Run. */
import { html, type TemplateResult } from 'lit';
import { visibleText } from '../../shared/picture/visible.ts';
import { EXAMPLES } from '../words/examples.ts';
import { plural } from '../controllers/numbers.ts';
import { loneSurrogates } from '../words/problems.ts';
import { DEFAULT_MODEL, type ViewState } from '../controllers/view-state.ts';
import { promptStyles } from '../styles/prompt.ts';
import { shared } from '../styles/shared.ts';
import { openGallery } from './open.ts';
import { Panel } from './panel.ts';

/** Chips that are drawn; a pasted book must not slow the typing down. */
const MOST_CHIPS = 400;

export class PromptElement extends Panel {
  static override styles = [shared, promptStyles];
  protected readonly shows = [
    'text',
    'tokens',
    'bos',
    'chat',
    'info',
    'phase',
    'history',
    'askedIds',
    'run',
    'model',
  ] as const satisfies (keyof ViewState)[];

  protected override render(): TemplateResult {
    const { text, askedIds, run, phase } = this.state;
    const busy = phase === 'loading' || phase === 'running';
    const shown = askedIds ? (run?.pieces.join('') ?? '') : text;
    return html`<section class="card" aria-label="Prompt">
      <label class="hidden-text" for="prompt">Prompt</label>
      <textarea
        id="prompt"
        rows="1"
        autocapitalize="off"
        autocomplete="off"
        spellcheck="false"
        placeholder="Type a sentence and leave its end open…"
        aria-describedby="count"
        .value=${shown}
        @input=${(event: InputEvent) => {
          if (event.target instanceof HTMLTextAreaElement) this.session.type(event.target.value);
        }}
        @keydown=${(event: KeyboardEvent) => this.#keydown(event)}
      ></textarea>
      ${this.#chips()}
      <div class="row">
        <div class="grow">${this.#examples()}</div>
        ${this.#chat()} ${this.#bos()} ${this.#earlier()}
        ${
          busy
            ? html`<button class="button run" @click=${() => this.session.cancel()}>Cancel</button>`
            : html`<button class="button primary run" title="Enter" @click=${() => this.session.run()}>
                Run
              </button>`
        }
      </div>
      ${this.#hint()}
    </section>`;
  }

  /** Enter runs; with Shift, or while an input method composes, it is a line end. */
  #keydown(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.session.run();
  }

  #chips(): TemplateResult {
    const { tokens, info, text } = this.state;
    const most = info?.spec.nCtx ?? Infinity;
    const pieces = tokens?.pieces.slice(0, MOST_CHIPS) ?? [];
    const more = (tokens?.pieces.length ?? 0) - pieces.length;
    const lone = loneSurrogates(text);
    return html`<div class="tokens" role="list" aria-label="Tokens" tabindex=${pieces.length > 60 ? 0 : -1}>
        ${pieces.map((piece, i) => {
          const special = tokens?.ids[i] === info?.bosId && i === 0;
          const kind = i >= most ? 'over' : special ? 'special' : '';
          return html`<span
            class="token ${kind}"
            role="listitem"
            title=${`id ${tokens?.ids[i] ?? ''}${i >= most ? ', past the end of the context' : ''}`}
            >${visibleText(piece)}</span
          >`;
        })}
        ${more > 0 ? html`<span class="small" role="listitem">and ${more} more</span>` : ''}
      </div>
      <span id="count" class="hidden-text"
        >${tokens ? plural(tokens.ids.length, 'token') : ''}${
          lone > 0 ? `, ${plural(lone, 'unpaired surrogate')} read as U+FFFD` : ''
        }.
        Enter runs, Shift and Enter starts a line.</span
      >`;
  }

  #examples(): TemplateResult {
    return html`${EXAMPLES.map(
        (example) =>
          html`<button
            class="example"
            title=${example.hint}
            aria-pressed=${this.state.text === example.prompt ? 'true' : 'false'}
            @click=${() => this.session.showExample(example)}
          >
            ${example.label}
          </button>`,
      )}<button class="example" @click=${() => openGallery(this.session)}>Gallery…</button>`;
  }

  #chat(): TemplateResult | '' {
    const { chat, info } = this.state;
    if (!info?.chat) return '';
    return html`<label
      class="switch"
      title="Put the prompt into the model’s own chat template, as a message of the user, and read what would be answered."
    >
      <input type="checkbox" role="switch" .checked=${chat} @change=${() => this.session.setChat(!chat)} />
      chat template
    </label>`;
  }

  #bos(): TemplateResult {
    const { bos, info, chat } = this.state;
    const byDefault = info?.addsBos ?? false;
    const on = bos === 'auto' ? byDefault : bos;
    return html`<label
      class="switch"
      title="Put the model’s begin-of-text token in front. Models trained with it read differently without."
    >
      <input
        type="checkbox"
        role="switch"
        .checked=${on}
        ?disabled=${info?.bosId === undefined || (chat && info.chat !== undefined)}
        @change=${() => {
          this.session.setBos(on === byDefault ? !on : 'auto');
        }}
      />
      begin-of-text
    </label>`;
  }

  #earlier(): TemplateResult {
    const { history } = this.state;
    return html`<button
        class="button"
        title="Earlier prompts"
        popovertarget="earlier"
        ?disabled=${history.length === 0}
      >
        History
      </button>
      <div id="earlier" popover aria-label="Earlier prompts" @toggle=${(event: Event) => this.#place(event)}>
        <ol>
          ${history.map(
            (prompt) =>
              html`<li>
                <button @click=${() => this.#again(prompt)} title=${prompt}>${prompt}</button>
              </li>`,
          )}
        </ol>
        <button class="button forget" @click=${() => this.#forget()}>Forget them all</button>
      </div>`;
  }

  #again(prompt: string): void {
    this.#closeEarlier();
    this.session.pickExample(prompt);
  }

  #forget(): void {
    this.#closeEarlier();
    this.session.forgetHistory();
  }

  #closeEarlier(): void {
    this.renderRoot.querySelector<HTMLElement>('#earlier')?.hidePopover();
  }

  /** Under its button, and inside the window. */
  #place(event: Event): void {
    const button = this.renderRoot.querySelector('[popovertarget]');
    if (!(event.target instanceof HTMLElement) || !button) return;
    const at = button.getBoundingClientRect();
    const left = Math.min(at.left, innerWidth - event.target.offsetWidth - 12);
    event.target.style.left = `${Math.max(12, left)}px`;
    event.target.style.top = `${at.bottom + 6}px`;
  }

  #hint(): TemplateResult | '' {
    const { text, model } = this.state;
    const example = EXAMPLES.find(({ prompt }) => prompt === text);
    const lone = loneSurrogates(text);
    if (lone > 0) {
      return html`<p class="hint">
        ${plural(lone, 'half of a character', 'halves of characters')} (unpaired surrogates) read as U+FFFD,
        �.
      </p>`;
    }
    // What it says is true of the embedded model.
    return example && model === DEFAULT_MODEL ? html`<p class="hint">${example.hint}</p>` : '';
  }
}
customElements.define('rs-prompt', PromptElement);
