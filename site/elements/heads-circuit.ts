/** The induction circuit, told in a sentence and shown on a text of the reader's: A B … A, and the model says B. */
import { html, nothing, svg, type PropertyValues, type TemplateResult } from 'lit';
import type { HeadsReading } from '../../engine/heads-api.ts';
import { headName, type HeadName } from '../../shared/heads/reading.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { CircuitReader, DEMONSTRATION } from '../controllers/heads-circuit.ts';
import { probability } from '../controllers/numbers.ts';
import type { ViewState } from '../controllers/view-state.ts';
import type { CircuitAnswer, CircuitFound, Foretold } from '../engine/study-protocol.ts';
import { headsStyles } from '../styles/heads.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';

export class HeadsCircuitElement extends Panel {
  static override properties = {
    ...Panel.properties,
    reading: { attribute: false },
    open: { attribute: false },
    text: { state: true },
  };
  static override styles = [shared, termStyles, headsStyles];
  declare reading: HeadsReading;
  declare open: (head: HeadName) => void;
  declare text: string;
  protected readonly shows = ['phase'] as const satisfies (keyof ViewState)[];
  readonly #reader = new CircuitReader(this);

  constructor() {
    super();
    this.text = DEMONSTRATION;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (changed.has('reading')) this.#ask();
  }

  #ask(): void {
    const { pair } = this.reading;
    if (pair) void this.#reader.read(this.session, this.text, pair);
  }

  protected override render(): TemplateResult {
    const { pair, sentence } = this.reading;
    const { answer, busy, problem } = this.#reader;
    return html`<section class="card" aria-labelledby="circuit" aria-busy=${busy}>
      <h2 id="circuit">The induction circuit ${termButton('circuit')}</h2>
      <p class="say">${sentence}</p>
      ${
        pair
          ? html`<form
                @submit=${(event: Event) => {
                  event.preventDefault();
                  this.#ask();
                }}
              >
                <label for="demo">A B … A: end a text with a word that stood before</label>
                <div class="line">
                  <input
                    id="demo"
                    type="text"
                    autocomplete="off"
                    spellcheck="false"
                    .value=${this.text}
                    @input=${(event: Event) => (this.text = (event.target as HTMLInputElement).value)}
                  />
                  <button class="button" ?disabled=${busy}>${busy ? 'Reading…' : 'Show it'}</button>
                </div>
              </form>
              <div role="alert">${problem === undefined ? nothing : html`<p class="bad">${problem}</p>`}</div>
              <div role="status" class=${busy ? 'stale' : ''}>
                ${answer ? this.#shown(answer, pair) : nothing}
              </div>`
          : nothing
      }
    </section>`;
  }

  #shown({ pieces, found }: CircuitAnswer, pair: NonNullable<HeadsReading['pair']>): TemplateResult {
    const role = (pos: number): string =>
      !found ? '' : pos === found.followed ? 'b' : pos === found.earlier || pos === found.last ? 'a' : '';
    const tokens = html`<p class="tokens">
      ${pieces.map((piece, pos) => {
        const as = role(pos);
        return html`<span class="token ${as}"
          >${as ? html`<b>${as.toUpperCase()}</b>` : nothing}${visibleText(piece)}</span
        >`;
      })}
    </p>`;
    if (!found) {
      return html`${tokens}
        <p class="said">
          The last token did not stand before, or nothing followed it: end the text with a word that it holds,
          spelled the same and with a space in front of both.
        </p>`;
    }
    const b = html`<span class="token">${visibleText(pieces[found.followed] ?? '')}</span>`;
    const a = html`<span class="token">${visibleText(pieces[found.last] ?? '')}</span>`;
    return html`${tokens}
      <ol class="steps">
        <li>
          At ${b}, head ${this.#head(pair.previous)} looks back at ${a}:
          <b>${found.previousWeight.toFixed(2)}</b> of its attention. So the state of ${b} knows what stood
          before it.
        </li>
        <li>
          At the second ${a}, head ${this.#head(pair.induction)} looks for a token that had ${a} before it,
          and finds ${b}: <b>${found.inductionWeight.toFixed(2)}</b>.
        </li>
        <li>The model says ${b} next with ${this.#bars(found, pair)}</li>
      </ol>`;
  }

  #head(head: HeadName): TemplateResult {
    return html`<button
      class="open"
      aria-label="Head ${headName(head)}: show its attention"
      @click=${() => this.open(head)}
    >
      ${headName(head)}
    </button>`;
  }

  #bars(found: CircuitFound, { previous, induction }: NonNullable<HeadsReading['pair']>): TemplateResult {
    const rows: readonly (readonly [string, Foretold])[] = [
      ['as it is', found.plain],
      [`without head ${headName(previous)}`, found.withoutPrevious],
      [`without head ${headName(induction)}`, found.withoutInduction],
    ];
    return html`<table class="bars">
      <thead class="hidden-text">
        <tr>
          <th scope="col">heads</th>
          <td></td>
          <th scope="col">probability</th>
          <th scope="col">rank</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([name, { probability: p, rank }]) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td class="bar">
                <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                  ${svg`<rect width=${100 * p} height="8" rx="1"></rect>`}
                </svg>
              </td>
              <td class="number">${probability(p)}</td>
              <td class="small">${rank === 0 ? 'its first choice' : `rank ${rank.toLocaleString('en')}`}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
  }
}
customElements.define('rs-heads-circuit', HeadsCircuitElement);
