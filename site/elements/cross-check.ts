/** “Check against wasm”: the present prompt once more on the reference backend, and the largest differences. */
import { html, nothing, type TemplateResult } from 'lit';
import { CancelledError } from '../../shared/errors.ts';
import { crossCheck, type CrossCheck } from '../controllers/cross-check.ts';
import { count } from '../controllers/numbers.ts';
import { problemOf } from '../words/problems.ts';
import { layerName, type ViewState } from '../controllers/view-state.ts';
import { shared } from '../styles/shared.ts';
import { Panel } from './panel.ts';

export class CrossCheckElement extends Panel {
  static override styles = [shared];
  protected readonly shows = ['run', 'phase'] as const satisfies (keyof ViewState)[];
  #going: AbortController | undefined;
  #done: readonly [number, number] = [0, 1];
  #result: CrossCheck | undefined;
  #problem: string | undefined;

  /** Closing the dialog ends it. */
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#going?.abort();
  }

  protected override render(): TemplateResult {
    const { run } = this.state;
    if (!run || run.trace || run.lens || !run.timings) {
      return html`<p class="small">A finished run on the raw lens can be checked here.</p>`;
    }
    const onWasm = run.model.device.name === 'wasm';
    const gpu = 'gpu' in navigator;
    return html`
      ${
        onWasm
          ? html`<p class="small">
              This run is on wasm, the reference. Checked against wasm, a fresh thread runs it again from the
              weights on.
            </p>`
          : nothing
      }
      ${
        this.#going
          ? html`<progress aria-label="Checking" max=${this.#done[1]} value=${this.#done[0]}></progress>
              <span class="small">${this.#done[0]} of ${this.#done[1]} rows</span>
              <button class="button" @click=${() => this.#going?.abort()}>Cancel the check</button>`
          : html`<button class="button" @click=${() => void this.#check('wasm')}>Check against wasm</button>
              ${
                onWasm && gpu
                  ? html`<button class="button" @click=${() => void this.#check('webgpu')}>
                      Check against WebGPU
                    </button>`
                  : nothing
              }`
      }
      <div role="alert">${this.#problem ?? nothing}</div>
      <div role="status">${this.#result ? found(this.#result) : nothing}</div>
    `;
  }

  async #check(device: 'wasm' | 'webgpu'): Promise<void> {
    const { run } = this.state;
    if (!run) return;
    const going = new AbortController();
    this.#going = going;
    this.#result = this.#problem = undefined;
    this.#done = [0, run.rows.length];
    this.requestUpdate();
    try {
      this.#result = await crossCheck(run, this.state, {
        device,
        token: this.session.token,
        signal: going.signal,
        onRow: (done, total) => {
          this.#done = [done, total];
          this.requestUpdate();
        },
      });
    } catch (error) {
      if (!(error instanceof CancelledError)) this.#problem = problemOf(error, this.state).message;
    } finally {
      this.#going = undefined;
      this.requestUpdate();
    }
  }
}
customElements.define('rs-cross-check', CrossCheckElement);

function found({
  device,
  detail,
  differences,
  topsThatDiffer,
  ranksThatDiffer,
  cells,
}: CrossCheck): TemplateResult {
  return html`<p>
      Against ${device === 'wasm' ? 'wasm' : 'WebGPU'} (${detail}), over ${count(cells)} cells:
      ${count(topsThatDiffer)} top tokens and ${count(ranksThatDiffer)} ranks differ.
    </p>
    <ul>
      ${differences.map(
        ({ reading, value, layer, pos }) =>
          html`<li>
            ${reading}: at most <span class="mono">${value.toExponential(1)}</span> nats${
              value > 0 ? html`, at ${layerName(layer)}, position ${pos}` : nothing
            }
          </li>`,
      )}
    </ul>`;
}
