/** The model's parts as a map: heads, attention and MLP of every layer, to be taken out and brought back; neurons by name. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { AblationUnit } from '../../shared/ablation.ts';
import { rampColor } from '../../shared/picture/ramp.ts';
import type { CellEvent, HeatMapContent, HeatMapElement } from '../charts/heat-map.ts';
import {
  codeOf,
  readChoice,
  toggled,
  unitName,
  writeChoice,
  type Choice,
} from '../controllers/ablation-choice.ts';
import { labelsOf } from '../controllers/head-labels.ts';
import type { RunView, ViewState } from '../controllers/view-state.ts';
import { ablationStyles } from '../styles/ablation.ts';
import { headsStyles } from '../styles/heads.ts';
import { shared } from '../styles/shared.ts';
import { Panel } from './panel.ts';
import '../charts/heat-map.ts';

export class AblationPickerElement extends Panel {
  static override properties = { ...Panel.properties, wrong: { state: true } };
  static override styles = [shared, headsStyles, ablationStyles];
  /** What is wrong with the neuron that was typed. */
  declare wrong: string | undefined;
  protected readonly shows = [
    'run',
    'scheme',
    'options',
    'headLabels',
  ] as const satisfies (keyof ViewState)[];
  #picked: { readonly key: readonly unknown[]; readonly content: HeatMapContent } | undefined;

  #choice(run: RunView): Choice {
    return readChoice(this.state.options.off, run.model.spec);
  }

  #toggle(run: RunView, unit: AblationUnit): void {
    this.session.setOption('off', writeChoice(toggled(this.#choice(run), unit)));
  }

  protected override render(): TemplateResult | typeof nothing {
    const { run } = this.state;
    if (!run) return nothing;
    const { nLayers, dMlp } = run.model.spec;
    return html`<section class="card" aria-labelledby="pick">
      <h2 id="pick">Parts of the model <small>rows: layers · columns: heads, attention, MLP</small></h2>
      <rs-heat-map
        class="picker"
        @open=${({ detail }: CellEvent) => {
          if (detail) this.#toggle(run, this.#unitAt(run, detail.row, detail.column));
        }}
      ></rs-heat-map>
      <p class="small on-screen">A click or Enter takes a part out, or brings it back.</p>
      <form
        class="line"
        @submit=${(event: Event) => {
          event.preventDefault();
          this.#addNeuron(event.target as HTMLFormElement, run);
        }}
      >
        <label for="neuron">Neuron</label>
        <input
          id="neuron"
          name="neuron"
          type="text"
          inputmode="decimal"
          autocomplete="off"
          placeholder="layer.number, to ${nLayers - 1}.${dMlp - 1}"
        />
        <button class="button">Take it out</button>
      </form>
      <div role="alert">${this.wrong === undefined ? nothing : html`<p class="bad">${this.wrong}</p>`}</div>
    </section>`;
  }

  #unitAt(run: RunView, layer: number, column: number): AblationUnit {
    const { nHeads } = run.model.spec;
    if (column < nHeads) return { kind: 'head', layer, head: column };
    return { kind: column === nHeads ? 'attn' : 'mlp', layer };
  }

  #addNeuron(form: HTMLFormElement, run: RunView): void {
    const input = form.elements.namedItem('neuron');
    if (!(input instanceof HTMLInputElement)) return;
    const { nLayers, dMlp } = run.model.spec;
    const [unit] = readChoice(`n${input.value.trim()}`, run.model.spec).units;
    this.wrong = unit
      ? undefined
      : `“${input.value}” is no neuron here: layer.number, from 0.0 to ${nLayers - 1}.${dMlp - 1}.`;
    if (!unit) return;
    if (!this.#choice(run).units.some((one) => codeOf(one) === codeOf(unit))) this.#toggle(run, unit);
    input.value = '';
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    const { scheme, run, options, headLabels } = this.state;
    const picker = this.renderRoot.querySelector<HeatMapElement>('rs-heat-map');
    if (!picker || !run) return;
    const key = [run.model, scheme, options.off, headLabels];
    if (!this.#picked?.key.every((one, i) => one === key[i]))
      this.#picked = { key, content: this.#parts(run) };
    picker.content = this.#picked.content;
  }

  #parts(run: RunView): HeatMapContent {
    const { nLayers, nHeads } = run.model.spec;
    const { scheme, headLabels } = this.state;
    const off = new Set(this.#choice(run).units.map(codeOf));
    const columns = [...Array.from({ length: nHeads }, (_, h) => String(h)), 'attn', 'MLP'];
    return {
      label: 'Parts of the model, to be taken out',
      corner: 'layer',
      rows: Array.from({ length: nLayers }, (_, l) => String(l)),
      columns,
      cells: Array.from({ length: nLayers }, (_, layer) =>
        columns.map((__, column) => {
          const unit = this.#unitAt(run, layer, column);
          const out = off.has(codeOf(unit));
          const known =
            unit.kind === 'head' ? labelsOf(headLabels, layer, unit.head).map(({ name }) => name) : [];
          return {
            colour: rampColor(out ? 0.9 : 0.06, scheme),
            text: out ? 'off' : '',
            name: `${unitName(unit)}${known.length > 0 ? ` (${known.join(', ')})` : ''}: ${out ? 'off' : 'on'}`,
          };
        }),
      ),
      selected: undefined,
    };
  }
}
customElements.define('rs-ablation-picker', AblationPickerElement);
