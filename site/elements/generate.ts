/** Under the table: the prompt goes on by a token or some, picked or drawn, and back. Loaded after the first run. */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { Choice } from '../engine/protocol.ts';
import { SAMPLING } from '../../shared/sampling.ts';
import { canGrow, type ViewState } from '../controllers/view-state.ts';
import { shared } from '../styles/shared.ts';
import { Panel } from './panel.ts';

/** What the number fields hold: [label, explanation, least, most, step]. */
const FIELDS = {
  tokens: ['tokens', 'How many to add at once', 1, 200, 1],
  temperature: ['temperature', 'Above 1 more even, below 1 more certain; 0 takes the top token', 0, 10, 0.1],
  seed: ['seed', 'The same seed draws the same tokens', 0, 2 ** 31 - 1, 1],
  topK: ['top-k', 'Draws from so many of the likeliest; 0: from all', 0, 1000, 1],
  topP: ['top-p', 'Draws from the fewest likeliest that hold this probability', 0.01, 1, 0.01],
} as const;
type Field = keyof typeof FIELDS;

export class GenerateElement extends Panel {
  static override styles = [
    shared,
    css`
      @media print {
        :host {
          display: none;
        }
      }
      section {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px 12px;
        margin-top: 10px;
        padding-top: 10px;
        border-top: 1px solid var(--line);
      }
      h3 {
        flex: none;
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
      }
      label {
        display: inline-flex;
        align-items: center;
        gap: 6px;
        font-size: 12.5px;
        color: var(--dim);
      }
      input {
        width: 66px;
        min-height: 30px;
        padding: 3px 6px;
        border: 1px solid var(--line-strong);
        border-radius: 7px;
        background: var(--card);
        color: var(--ink);
        font: 12.5px var(--mono);
      }
      input:invalid {
        border-color: var(--bad);
      }
      details {
        font-size: 12.5px;
      }
      details[open] {
        flex: 1 1 100%;
      }
      summary {
        cursor: pointer;
        min-height: 24px;
        padding: 3px 0;
        color: var(--dim);
      }
      .fields {
        display: flex;
        flex-wrap: wrap;
        gap: 6px 14px;
        padding-top: 4px;
      }
      .said {
        flex: 1 1 100%;
        min-height: 18px;
        font-size: 12.5px;
        overflow-wrap: anywhere;
      }
      .bad {
        color: var(--bad);
      }
      progress {
        width: 120px;
      }
    `,
  ];
  protected readonly shows = ['run', 'phase', 'growth'] as const satisfies (keyof ViewState)[];

  readonly #values: Record<Field, number> = { tokens: 1, seed: 1, ...SAMPLING };
  #table: HTMLElement | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    const root = this.getRootNode();
    if (root instanceof ShadowRoot && root.host instanceof HTMLElement) {
      this.#table = root.host;
      this.#table.addEventListener('keydown', this.#key);
    }
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#table?.removeEventListener('keydown', this.#key);
  }

  protected override render(): TemplateResult | typeof nothing {
    const { run, growth } = this.state;
    if (!run || run.trace) return nothing;
    const full = run.ids.length >= run.model.spec.nCtx;
    const idle = canGrow(this.state) && !growth?.busy;
    return html`<section aria-labelledby="go-on">
      <h3 id="go-on">Go on</h3>
      <div class="buttons">
        <button
          class="button"
          aria-keyshortcuts="g"
          title="Adds the output’s first token (G, in the table)"
          ?disabled=${!idle || full}
          @click=${() => this.#step({ how: 'top' })}
        >
          Step
        </button>
        <button
          class="button"
          title="Adds a token that is drawn from the output"
          ?disabled=${!idle || full}
          @click=${() => this.#step(this.#drawn())}
        >
          Sample
        </button>
        <button
          class="button"
          aria-keyshortcuts="u"
          title="Takes the last added token back (U, in the table)"
          ?disabled=${!idle || (growth?.count ?? 0) < 1}
          @click=${() => this.#back()}
        >
          Undo
        </button>
      </div>
      ${this.#field('tokens')}
      <details>
        <summary>Sampling</summary>
        <div class="fields">
          ${(['temperature', 'seed', 'topK', 'topP'] as const).map((name) => this.#field(name))}
        </div>
      </details>
      ${
        growth?.busy && growth.busy.total > 1
          ? html`<progress
                max=${growth.busy.total}
                value=${growth.busy.done}
                aria-label="Adding tokens"
              ></progress>
              <button class="button" @click=${() => void this.session.grow((grower) => grower.cancel())}>
                Stop
              </button>`
          : nothing
      }
      <p class="said" role="status">
        ${
          growth?.said
            ? growth.said
            : full
              ? `The context of ${run.model.spec.nCtx} tokens is full.`
              : 'Only the new column is run; all before it is kept.'
        }
      </p>
      <div role="alert">${growth?.problem ? html`<p class="said bad">${growth.problem}</p>` : nothing}</div>
    </section>`;
  }

  #field(name: Field): TemplateResult {
    const [label, title, min, max, step] = FIELDS[name];
    return html`<label title=${title}
      >${label}
      <input
        type="number"
        inputmode="decimal"
        min=${min}
        max=${max}
        step=${step}
        .value=${String(this.#values[name])}
        @change=${(event: Event) => this.#set(name, event)}
    /></label>`;
  }

  /** What is no number in range is put back to one. */
  #set(name: Field, event: Event): void {
    const input = event.target as HTMLInputElement;
    const [, , min, max, step] = FIELDS[name];
    const value = Math.min(max, Math.max(min, input.valueAsNumber));
    if (Number.isFinite(value)) this.#values[name] = step === 1 ? Math.round(value) : value;
    input.value = String(this.#values[name]);
  }

  #drawn(): Choice {
    const { temperature, topK, topP, seed } = this.#values;
    return { how: 'draw', sampling: { temperature, topK, topP }, seed };
  }

  #step(choice: Choice): void {
    void this.session.grow((grower) => grower.step(choice, this.#values.tokens));
  }

  #back(): void {
    void this.session.grow((grower) => grower.back());
  }

  /** In the table alone: a single letter is nobody’s shortcut elsewhere. */
  readonly #key = (event: KeyboardEvent): void => {
    const [from] = event.composedPath();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (from instanceof HTMLInputElement || from instanceof HTMLSelectElement) return;
    if (event.key === 'g') void this.session.grow((grower) => grower.step({ how: 'top' }));
    else if (event.key === 'u') this.#back();
  };
}
customElements.define('rs-generate', GenerateElement);
