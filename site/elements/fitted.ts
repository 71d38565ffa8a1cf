/** Lenses that translate: fit one or open a file, switch the table to it, see what it buys; and averages over prompts. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { CancelledError } from '../../shared/errors.ts';
import type { FitProgress } from '../../engine/api.ts';
import type { ChartLine } from '../../shared/picture/chart-svg.ts';
import type { HeldOut } from '../../shared/lens/translators.ts';
import { layerChart } from '../controllers/chart-export.ts';
import type { Exportable } from '../controllers/exports.ts';
import { download } from '../controllers/files.ts';
import { nats, probability } from '../controllers/numbers.ts';
import { problemOf } from '../words/problems.ts';
import { layerLabel, type ViewState } from '../controllers/view-state.ts';
import type { LensKind, LensSummary, ModelInfo } from '../engine/protocol.ts';
import { chartCardStyles } from '../styles/chart-card.ts';
import { fittedStyles } from '../styles/fitted.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';
import '../charts/line-chart.ts';
import './averages.ts';

const STAGES: Record<FitProgress['stage'], string> = {
  states: 'running the reference prompts',
  solve: 'solving, layer by layer',
  compare: 'reading the held-out prompts with both lenses',
};

const KINDS: readonly LensKind[] = ['raw', 'fitted', 'tuned'];

export class FittedElement extends Panel {
  static override styles = [shared, termStyles, chartCardStyles, fittedStyles];
  protected readonly shows = [
    'info',
    'lens',
    'lensFile',
    'phase',
    'scheme',
  ] as const satisfies (keyof ViewState)[];

  /** Of which model the lenses are. */
  #of: ModelInfo | undefined;
  #lenses = new Map<LensSummary['kind'], LensSummary>();
  #going: AbortController | undefined;
  #progress: FitProgress | undefined;
  #problem: string | undefined;
  /** The file that is being read. */
  #opening: string | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.session.exports.offer('translate', () => this.#exports());
  }

  #exports(): readonly Exportable[] {
    const report = this.#lenses.get('fitted')?.report;
    if (!report) return [];
    const { kl, klRaw, agreement, agreementRaw, positions } = report.heldOut;
    const pair = (raw: readonly number[], fitted: readonly number[]): ChartLine[] => [
      { name: 'raw', values: raw, colour: 1, dashed: true },
      { name: 'fitted', values: fitted, colour: 0 },
    ];
    const place = `on ${positions} held-out positions, by layer`;
    return [
      layerChart('KL to the output, raw and fitted lens', 'held-out-kl', `nats, ${place}`, {
        lines: pair(klRaw, kl),
        scale: 'nats',
      }),
      layerChart('Agreement with the output, raw and fitted lens', 'held-out-agreement', place, {
        lines: pair(agreementRaw, agreement),
        scale: 'share',
      }),
    ];
  }

  protected override render(): TemplateResult {
    const { info } = this.state;
    if (info !== this.#of) this.#forget(info);
    const { lens } = this.state;
    if (lens) this.#lenses.set(lens.kind, lens); // restored from the address
    return html`<div class="cards">
      <section class="card" aria-labelledby="fit">
        <h2 id="fit">What a layer would say in the last layer’s language ${termButton('fitted')}</h2>
        <p>
          The raw lens reads every layer as if it were the last, and early layers of many models read as
          noise: they speak a language of their own. A fitted lens first translates a layer’s state, by the
          straight-line map that best predicts the last layer’s state on reference sentences.
        </p>
        <details>
          <summary>Exact definition</summary>
          <p class="small">
            x_l is read as x_l·A_l + b_l before the final norm: ridge regression of x_(n−1) on x_l in closed
            form, every coordinate divided by its standard deviation, the intercept not penalized, position 0
            left out, λ chosen on a held-out fifth of the prompts (Din et al. 2023). A tuned lens (Belrose et
            al. 2023) has maps learned by gradient descent, from a file:
            <code>scripts/convert_tuned_lens.py</code> makes one. The last row has no map: it is the output.
          </p>
        </details>
        ${info ? this.#controls() : this.#noModel()}
        <div role="alert">
          ${this.#problem === undefined ? nothing : html`<p class="problem">${this.#problem}</p>`}
        </div>
        ${this.#report()}
      </section>
      <rs-averages .session=${this.session}></rs-averages>
    </div>`;
  }

  /** A file that was dropped is opened once the model is there and no run goes on. */
  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    const { lensFile, info, phase } = this.state;
    if (!lensFile || !info || this.#going || phase === 'loading' || phase === 'running') return;
    this.session.store.set({ lensFile: undefined });
    void this.#openFile(lensFile);
  }

  #noModel(): TemplateResult {
    const { lensFile } = this.state;
    return html`<p class="small" role="status">
      ${lensFile ? `${lensFile.name} waits for its model: run a prompt.` : 'It comes with a model: run a prompt first.'}
    </p>`;
  }

  #forget(info: ModelInfo | undefined): void {
    this.#of = info;
    this.#lenses = new Map();
    this.#going?.abort();
    this.#problem = undefined;
  }

  #controls(): TemplateResult {
    const { lens } = this.state;
    if (this.#going) return this.#working(this.#going);
    return html`
      <div class="row">
        ${
          this.#lenses.has('fitted')
            ? nothing
            : html`<button class="button primary" @click=${() => void this.#fit()}>Fit a lens</button>`
        }
        <label class="button"
          >Open a lens…
          <input
            class="hidden-text"
            type="file"
            accept=".safetensors"
            @change=${(event: Event) => void this.#open(event.target as HTMLInputElement)}
        /></label>
        ${
          this.#lenses.has('fitted')
            ? html`<button class="button" @click=${() => void this.#save()}>Save the fitted lens</button>`
            : nothing
        }
      </div>
      <div class="row" role="radiogroup" aria-label="The table is read with">
        <span class="small">the table is read with</span>
        ${KINDS.map(
          (kind) =>
            html`<label
              ><input
                type="radio"
                name="lens"
                .checked=${kind === (lens?.kind ?? 'raw')}
                ?disabled=${kind !== 'raw' && !this.#lenses.has(kind)}
                @change=${() => this.session.setLens(kind === 'raw' ? undefined : this.#lenses.get(kind))}
              />${kind}</label
            >`,
        )}
      </div>
    `;
  }

  #working(going: AbortController): TemplateResult {
    const { stage, done, total } = this.#progress ?? { stage: 'states', done: 0, total: 1 };
    const words = this.#progress ? STAGES[stage] : 'fetching the reference prompts';
    if (this.#opening !== undefined)
      return html`<div class="row">
        <progress aria-label="Opening a lens"></progress>
        <span class="small">reading ${this.#opening}</span>
        <button class="button" @click=${() => going.abort()}>Cancel</button>
      </div>`;
    return html`<div class="row">
      <progress aria-label="Fitting a lens: ${words}" max=${total} value=${done}></progress>
      <span class="small">${words}: ${done.toLocaleString('en')} of ${total.toLocaleString('en')}</span>
      <button class="button" @click=${() => going.abort()}>Cancel</button>
    </div>`;
  }

  #report(): TemplateResult | typeof nothing {
    const report = this.#lenses.get('fitted')?.report;
    if (!report) return nothing;
    const { heldOut } = report;
    const most = Math.max(...heldOut.kl.slice(1), ...heldOut.klRaw.slice(1)) * 1.06;
    return html`
      <h3>KL to the output on sentences it was not fitted on, nats, by layer: raw (dashed) and fitted</h3>
      <rs-line-chart
        .spec=${{
          label: `Held-out KL by layer, raw and fitted, in nats: ${sayRow(heldOut, 1)}; ${sayRow(heldOut, heldOut.kl.length - 2)}`,
          series: [
            { name: 'raw', values: heldOut.klRaw, colour: 1, dashed: true },
            { name: 'fitted', values: heldOut.kl, colour: 0 },
          ],
          scale: 'nats',
          height: 160,
          most,
          layer: undefined,
          scheme: this.state.scheme,
        }}
      ></rs-line-chart>
      <p class="small">
        Fitted on ${report.positions.toLocaleString('en')} positions, λ chosen on
        ${report.heldPositions.toLocaleString('en')} held out, compared on ${heldOut.positions} of those. The
        embedding row’s raw KL, ${nats(heldOut.klRaw[0] ?? NaN)}, may lie above the chart.
      </p>
      <div class="scroll" tabindex="0" role="region" aria-label="Held-out KL and agreement by layer">
        <table>
          <thead>
            <tr>
              <th>layer</th>
              <th>KL raw</th>
              <th>KL fitted</th>
              <th>agrees raw</th>
              <th>agrees fitted</th>
            </tr>
          </thead>
          <tbody>
            ${heldOut.kl.map(
              (kl, row) =>
                html`<tr>
                  <th scope="row">${layerLabel(row - 1)}</th>
                  <td>${nats(heldOut.klRaw[row] ?? NaN)}</td>
                  <td>${nats(kl)}</td>
                  <td>${probability(heldOut.agreementRaw[row] ?? NaN)}</td>
                  <td>${probability(heldOut.agreement[row] ?? NaN)}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    `;
  }

  /** One long thing at a time; what goes wrong is said here, and the page's run stays. */
  async #work(act: (signal: AbortSignal) => Promise<LensSummary>): Promise<void> {
    const of = this.#of;
    const going = new AbortController();
    this.#going = going;
    this.#problem = this.#progress = undefined;
    this.requestUpdate();
    try {
      const lens = await act(going.signal);
      if (this.#of !== of) return;
      this.#lenses.set(lens.kind, lens);
      this.session.setLens(lens);
    } catch (error) {
      if (!(error instanceof CancelledError) && this.#of === of) {
        this.#problem = problemOf(error, this.state).message;
      }
    } finally {
      if (this.#going === going) this.#going = undefined;
      this.requestUpdate();
    }
  }

  #fit(): Promise<void> {
    return this.#work((signal) =>
      this.session.engine.fitLens((progress) => {
        this.#progress = progress;
        this.requestUpdate();
      }, signal),
    );
  }

  async #open(input: HTMLInputElement): Promise<void> {
    const [file] = input.files ?? [];
    input.value = '';
    if (file) await this.#openFile(file);
  }

  /** What it replaces stays where the file is refused. */
  async #openFile(file: File): Promise<void> {
    this.#opening = file.name;
    await this.#work((signal) => this.session.engine.openLens(file.name, file, signal));
    this.#opening = undefined;
    this.requestUpdate();
  }

  async #save(): Promise<void> {
    const name = `${(this.#of?.id ?? 'model').replace(/[^\w.-]+/g, '-')}.lens.safetensors`;
    download(await this.session.engine.saveLens('fitted'), name);
  }
}
customElements.define('rs-fitted', FittedElement);

function sayRow({ kl, klRaw }: HeldOut, row: number): string {
  return `layer ${row - 1}: ${nats(klRaw[row] ?? NaN)} raw, ${nats(kl[row] ?? NaN)} fitted`;
}
