/** Texts that turn a neuron on, over the bundled ones or the reader's file, and whether its value foretold what follows. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { NeuronName, NeuronTriggers } from '../../engine/neurons-api.ts';
import { toErrorMessage } from '../../shared/errors.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { promptsOfFile } from '../controllers/experiment.ts';
import { neuronCode } from '../controllers/neurons.ts';
import { decimals, plural } from '../controllers/numbers.ts';
import { soonDone, StudyReader } from '../controllers/study.ts';
import type { ViewState } from '../controllers/view-state.ts';
import type { NeuronAnswer, Trigger, TriggersAnswer } from '../engine/study-protocol.ts';
import { headsStyles } from '../styles/heads.ts';
import { lensStyles } from '../styles/lens.ts';
import { neuronsStyles } from '../styles/neurons.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';
import { studyProgress } from './study-progress.ts';

/** Texts of the reader's own. */
export interface OwnTexts {
  /** Another for each file that is picked. */
  readonly id: number;
  readonly name: string;
  readonly prompts: readonly string[];
}

let picked = 0;

export class NeuronTriggersElement extends Panel {
  static override properties = {
    ...Panel.properties,
    neuron: { attribute: false },
    page: { attribute: false },
    waits: { attribute: false },
    texts: { attribute: false },
    setTexts: { attribute: false },
    wrong: { state: true },
  };
  static override styles = [shared, termStyles, lensStyles, headsStyles, neuronsStyles];
  declare neuron: NeuronName | undefined;
  /** What its value says, once that is read. */
  declare page: NeuronAnswer['page'] | undefined;
  /** Something shorter is asked first. */
  declare waits: boolean;
  /** Undefined: the bundled texts. */
  declare texts: OwnTexts | undefined;
  declare setTexts: (texts: OwnTexts | undefined) => void;
  /** What is wrong with the file that was picked. */
  declare wrong: string | undefined;
  protected readonly shows = ['info', 'phase', 'options'] as const satisfies (keyof ViewState)[];
  readonly #reader = new StudyReader(this, 'triggers');
  #asked: NeuronName | undefined;

  /** Of the neuron shown, for files. */
  get found(): TriggersAnswer | undefined {
    const { busy, cancelled, answer } = this.#reader;
    return busy || cancelled || this.#asked !== this.neuron ? undefined : answer;
  }

  get #order(): NeuronTriggers['order'] {
    return this.state.options.triggers === 'lowest' ? 'lowest' : 'highest';
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    const { info } = this.state;
    this.#reader.about(info);
    const { neuron, texts } = this;
    if (this.waits && this.#reader.busy) this.#reader.pause();
    if (!info || !neuron || this.waits) return;
    // In a large model a pass over the texts is asked for; its layer's other neurons then come at once.
    if (soonDone(info) || this.#reader.answer) {
      const key = [neuronCode(neuron), this.#order, texts?.id ?? ''].join(':');
      this.#reader.follow(this.session, key, () => this.#ask(neuron));
    }
  }

  #ask(neuron: NeuronName) {
    this.#asked = neuron;
    return { ...neuron, order: this.#order, prompts: this.texts?.prompts };
  }

  protected override render(): TemplateResult {
    const { neuron, wrong } = this;
    const { problem, busy, answer, step, cancelled } = this.#reader;
    const order = this.#order;
    const option = (value: NeuronTriggers['order'], words: string): TemplateResult =>
      html`<label
        ><input
          type="radio"
          name="order"
          .checked=${value === order}
          @change=${() => this.session.setOption('triggers', value === 'highest' ? undefined : value)}
        />${words}</label
      >`;
    return html`<section class="card" aria-labelledby="triggers" aria-busy=${busy}>
      <h2 id="triggers">
        Texts that turn ${neuron ? `neuron ${neuronCode(neuron)}` : 'it'} on ${termButton('triggers')}
      </h2>
      <div class="controls">
        <fieldset>
          <legend>where it is</legend>
          ${option('highest', 'highest')} ${option('lowest', 'lowest')}
        </fieldset>
        <label class="button"
          >${this.texts ? 'Another file…' : 'Texts of my own…'}
          <input
            class="hidden-text"
            type="file"
            accept=".txt,text/plain"
            aria-label="A text file, one text a line"
            @change=${(event: Event) => void this.#open(event.target as HTMLInputElement)}
        /></label>
        ${
          this.texts
            ? html`<span class="small">${this.texts.name}: ${plural(this.texts.prompts.length, 'text')}</span>
                <button class="button" @click=${() => this.setTexts(undefined)}>The bundled texts</button>`
            : html`<span class="small">the texts that come with the page</span>`
        }
      </div>
      ${
        busy
          ? studyProgress(
              'Texts that turn it on',
              step ? `${step.done} of ${plural(step.total, 'text')}` : 'fetching the texts',
              step ?? { done: 0, total: 0 },
              () => this.#reader.cancel(),
            )
          : nothing
      }
      <div role="alert">
        ${wrong === undefined ? nothing : html`<p class="bad">${wrong}</p>`}
        ${problem === undefined ? nothing : html`<p class="bad">${problem}</p>`}
      </div>
      ${!busy && (!answer || cancelled) && neuron ? this.#invite(neuron, cancelled) : nothing}
      ${answer && !cancelled ? this.#list(answer) : nothing}
    </section>`;
  }

  #invite(neuron: NeuronName, cancelled: boolean): TemplateResult {
    return html`<div class="ways">
      <button class="button primary" @click=${() => void this.#reader.read(this.session, this.#ask(neuron))}>
        Look through the texts
      </button>
      <span class="small"
        >${cancelled ? 'Cancelled. ' : ''}One pass finds them for every neuron of the layer.</span
      >
    </div>`;
  }

  /** The token that the value promotes most, as strongly as it is on there. */
  get #promoted(): number {
    const { page } = this;
    return (this.#order === 'lowest' ? page?.suppressed : page?.promoted)?.ids[0] ?? -2;
  }

  #list({ triggers, prompts, positions }: TriggersAnswer): TemplateResult {
    if (triggers.length === 0) return html`<p class="said">No text has a token after its first.</p>`;
    const promoted = this.#promoted;
    const hits = triggers.filter(({ nextId }) => nextId === promoted).length;
    return html`<div class=${this.#reader.busy ? 'stale' : ''}>
      <p class="said" role="status">
        The ${plural(triggers.length, 'strongest place', 'strongest places')} of ${plural(positions, 'token')}
        in ${plural(prompts, 'text')}. In <b>${hits}</b> of them the next token is the one that its value
        promotes most.
      </p>
      <div class="scroll" tabindex="0" role="region" aria-label="Places in the texts">
        <table>
          <thead>
            <tr>
              <th scope="col">coefficient</th>
              <th scope="col">text up to the token that turns it on, and what follows</th>
              <th scope="col">foretold</th>
            </tr>
          </thead>
          <tbody>
            ${triggers.map((trigger) => this.#trigger(trigger, promoted))}
          </tbody>
        </table>
      </div>
    </div>`;
  }

  #trigger({ before, token, next, nextId, coefficient }: Trigger, promoted: number): TemplateResult {
    const [first = '', ...rest] = next;
    const hit = nextId === promoted;
    return html`<tr>
      <td class="number">${decimals(coefficient)}</td>
      <td class="place">
        <span class="text"
          >${before.map(plain).join('')}${token.startsWith(' ') ? ' ' : ''}<mark
            >${plain(token).trimStart()}</mark
          ><span class="after"
            ><span class=${hit ? 'hit' : ''}>${plain(first)}</span>${rest.map(plain).join('')}</span
          ></span
        >
      </td>
      <td>${hit ? html`<span class="yes">✓<span class="hidden-text">yes</span></span>` : nothing}</td>
    </tr>`;
  }

  async #open(input: HTMLInputElement): Promise<void> {
    const [file] = input.files ?? [];
    input.value = '';
    if (!file) return;
    this.wrong = undefined;
    try {
      this.setTexts({
        id: ++picked,
        name: file.name,
        prompts: await promptsOfFile(file, 'Take a part of them.'),
      });
    } catch (error) {
      this.wrong = toErrorMessage(error).message;
    }
  }
}
customElements.define('rs-neuron-triggers', NeuronTriggersElement);

/** As running text: without a mark for the space in front. */
function plain(piece: string): string {
  return piece.startsWith(' ') ? ` ${visibleText(piece.slice(1))}` : visibleText(piece);
}
