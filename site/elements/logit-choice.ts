/** Selects for the views that take a logit apart: after which token, whose logit, over whose. */
import { html, nothing, type TemplateResult } from 'lit';
import { visibleText } from '../../shared/picture/visible.ts';
import { readLogitChoice, writeLogitChoice } from '../controllers/logit-choice.ts';
import { selectedCell, type ViewState } from '../controllers/view-state.ts';
import { headsStyles } from '../styles/heads.ts';
import { lensStyles } from '../styles/lens.ts';
import { shared } from '../styles/shared.ts';
import { Panel } from './panel.ts';

/** Candidates that can be chosen. */
const CANDIDATES = 10;

export class LogitChoiceElement extends Panel {
  static override properties = {
    ...Panel.properties,
    texts: { attribute: false },
    pair: { type: Boolean },
  };
  static override styles = [shared, lensStyles, headsStyles];
  /** Display texts of ids that no row of the run has. */
  declare texts: ReadonlyMap<number, string>;
  /** Also another token, whose logit is taken off. */
  declare pair: boolean;
  protected readonly shows = [
    'run',
    'selected',
    'options',
    'pins',
    'pinTexts',
  ] as const satisfies (keyof ViewState)[];

  constructor() {
    super();
    this.texts = new Map();
    this.pair = false;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { run, options, pins, pinTexts } = this.state;
    if (!run) return nothing;
    const { target, against } = readLogitChoice(options.of, run.model.spec.dVocab);
    const pos = selectedCell(this.state)?.pos ?? 0;
    const last = run.rows.at(-1);
    const candidates = last ? [...last.topIds.subarray(pos * last.k, pos * last.k + CANDIDATES)] : [];
    const ids = new Set([...candidates, ...run.ids.slice(pos + 1, pos + 2), ...pins]);
    for (const id of [target, against]) if (typeof id === 'number') ids.add(id);
    const set = (choice: { readonly target?: string; readonly against?: string }): void => {
      const first = choice.target ?? String(target ?? 'top');
      const second = choice.against ?? String(against ?? '');
      const read = readLogitChoice(second === '' ? first : `${first}-${second}`, run.model.spec.dVocab);
      this.session.setOption('of', writeLogitChoice(read));
    };
    const option = (value: string, words: string, on: boolean): TemplateResult =>
      html`<option value=${value} .selected=${on}>${words}</option>`;
    const named = (id: number): string =>
      visibleText(run.texts.get(id) ?? pinTexts.get(id) ?? this.texts.get(id) ?? `id ${id}`);
    const valueOf = (event: Event): string => (event.target as HTMLSelectElement).value;
    return html`<div class="controls">
      <label class="pick"
        >after
        <select
          @change=${(event: Event) =>
            this.session.selection.select({
              layer: selectedCell(this.state)?.layer ?? -1,
              pos: Number(valueOf(event)),
            })}
        >
          ${run.pieces.map((piece, at) => option(String(at), `${at}: ${visibleText(piece)}`, at === pos))}
        </select></label
      >
      <label class="pick"
        >the logit of
        <select @change=${(event: Event) => set({ target: valueOf(event) })}>
          ${option('top', 'the model’s first choice', target === undefined)}
          ${[...ids].map((id) => option(String(id), named(id), target === id))}
        </select></label
      >
      ${
        this.pair
          ? html`<label class="pick"
              >over
              <select @change=${(event: Event) => set({ against: valueOf(event) })}>
                ${option('', 'nothing: the logit itself', against === undefined)}
                ${option('mean', 'the mean of all tokens', against === 'mean')}
                ${[...ids].map((id) => option(String(id), named(id), against === id))}
              </select></label
            >`
          : nothing
      }
    </div>`;
  }
}
customElements.define('rs-logit-choice', LogitChoiceElement);
