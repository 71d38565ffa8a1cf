/** What stands behind the table: the model and its weights, the device and why, times, memory, the self-checks. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import { messageOf } from '../../shared/errors.ts';
import type { StageTimes } from '../../engine/api.ts';
import type { TraceData } from '../../shared/trace/data.ts';
import { measureMemory, type PageMemory } from '../controllers/memory.ts';
import { bytes, count, duration } from '../controllers/numbers.ts';
import type { RunView, ViewState } from '../controllers/view-state.ts';
import type { ModelIdentity, ModelInfo } from '../engine/protocol.ts';
import { shared } from '../styles/shared.ts';
import { factsStyles } from '../styles/facts.ts';
import { checkRow } from './checks.ts';
import { Panel } from './panel.ts';

/** Bytes of weights that are hashed without being asked: a moment's work. */
const QUICK = 64e6;

const STAGES: readonly (readonly [keyof StageTimes, string])[] = [
  ['begin', 'tokens and embedding'],
  ['blocks', 'blocks'],
  ['lens', 'rows of the lens'],
  ['compare', 'compared with the output'],
  ['checks', 'plain forward, to check'],
  ['reader', 'handed to the page'],
];

export class RunFactsElement extends Panel {
  static override properties = {
    ...Panel.properties,
    identity: { state: true },
    hashing: { state: true },
    memory: { state: true },
    problem: { state: true },
  };
  static override styles = [shared, factsStyles];
  declare identity: ModelIdentity | undefined;
  declare hashing: AbortController | undefined;
  declare memory: PageMemory | 'measuring' | undefined;
  declare problem: string | undefined;
  protected readonly shows = ['info', 'run'] as const satisfies (keyof ViewState)[];

  override connectedCallback(): void {
    super.connectedCallback();
    const { info } = this.state;
    if (info && info.weightBytes <= QUICK) void this.#hash();
    void this.#measure();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.hashing?.abort();
  }

  protected override render(): TemplateResult {
    const { info, run } = this.state;
    if (run?.trace) return factsOfTrace(run.trace.data);
    if (!info) return html`<p class="small">No model is loaded yet.</p>`;
    return html`${this.#model(info)} ${this.#device(info)} ${times(run)} ${this.#memory(info)}
      <h3>Self-checks</h3>
      ${
        run?.checks
          ? html`<dl>${run.checks.map(checkRow)}</dl>`
          : html`<p class="small">They come with the end of a run.</p>`
      }`;
  }

  #model(info: ModelInfo): TemplateResult {
    const { spec } = info;
    return html`<h3>Model</h3>
      <dl>
        <dt>Name</dt>
        <dd>${info.id}</dd>
        <dt>Family</dt>
        <dd>${spec.family}</dd>
        <dt>Shape</dt>
        <dd>
          ${count(spec.nLayers)} layers, ${count(spec.nHeads)} heads of ${count(spec.dHead)}, width
          ${count(spec.dModel)}, MLP ${count(spec.dMlp)}
        </dd>
        <dt>Vocabulary, context</dt>
        <dd>${count(spec.dVocab)} tokens, ${count(spec.nCtx)} positions</dd>
        <dt>Weights</dt>
        <dd>
          ${bytes(info.weightBytes)}, stored as ${stored(info)}, on this device; the prompt is sent nowhere
        </dd>
        ${
          this.identity?.revision === undefined
            ? nothing
            : html`<dt>Revision</dt>
                <dd class="mono">${this.identity.revision}</dd>`
        }
        <dt>SHA-256 of the weights</dt>
        <dd>${this.#hashed()}</dd>
        <dt>Begin-of-text token</dt>
        <dd>
          ${info.bosId === undefined ? 'none' : `id ${info.bosId}`}${info.addsBos ? ', put in front by the tokenizer' : ''}
        </dd>
      </dl>`;
  }

  #hashed(): TemplateResult {
    if (this.identity) return html`<span class="mono hash">${this.identity.weightHash}</span>`;
    if (this.hashing) {
      return html`<progress aria-label="Hashing the weights"></progress>
        <button class="button" @click=${() => this.hashing?.abort()}>Cancel</button>`;
    }
    return html`<button class="button" @click=${() => void this.#hash()}>Hash them</button>
      <span class="small">${this.problem ?? 'reads all of them once'}</span>`;
  }

  #device({ device }: ModelInfo): TemplateResult {
    return html`<h3>Device</h3>
      <dl>
        <dt>Runs on</dt>
        <dd>${device.name === 'webgpu' ? 'WebGPU' : 'wasm'}: ${device.detail}</dd>
        <dt>Why</dt>
        <dd>${device.reason}</dd>
        <dt>Computes in</dt>
        <dd>${device.compute === 'f16' ? 'f32, the products with the blocks’ matrices in f16' : 'f32'}</dd>
      </dl>`;
  }

  #memory({ device }: ModelInfo): TemplateResult {
    const { memory } = this;
    return html`<h3>Memory</h3>
      <dl>
        <dt>This page</dt>
        <dd>
          ${
            memory === 'measuring'
              ? html`<span role="status">being measured: the browser answers within some seconds</span>`
              : memory === undefined
                ? 'this browser does not say'
                : memory.workers === undefined
                  ? `${bytes(memory.total)} in the page’s own thread; of the engine’s this browser does not say`
                  : `${bytes(memory.total)}, ${bytes(memory.workers)} of it the engine’s thread${device.name === 'webgpu' ? '; what lies on the GPU is not counted' : ', weights included'}`
          }
        </dd>
      </dl>`;
  }

  async #hash(): Promise<void> {
    const controller = new AbortController();
    this.hashing = controller;
    this.problem = undefined;
    try {
      this.identity = await this.session.engine.identity(controller.signal);
    } catch (error) {
      if (!controller.signal.aborted) this.problem = messageOf(error);
    }
    this.hashing = undefined;
  }

  async #measure(): Promise<void> {
    this.memory = 'measuring';
    this.memory = await measureMemory();
  }
}
customElements.define('rs-run-facts', RunFactsElement);

function stored({ storedTypes }: ModelInfo): string {
  const [first, ...rest] = storedTypes;
  if (rest.length === 0) return first?.type ?? 'unknown types';
  return storedTypes.map(({ type, bytes: size }) => `${type} (${bytes(size)})`).join(', ');
}

/** A bar a stage, all of them together as long as the run. */
function times(run: RunView | undefined): TemplateResult | typeof nothing {
  const { timings, stages } = run ?? {};
  if (!timings) return nothing;
  const total = stages ? STAGES.reduce((sum, [name]) => sum + stages[name], 0) : 0;
  let before = 0;
  return html`<h3>Time of this run</h3>
    <dl>
      <dt>First row, last row, end</dt>
      <dd>
        ${duration(timings.firstReadings)}, ${duration(timings.lastReadings)}, ${duration(timings.done)}
      </dd>
      ${
        stages
          ? STAGES.map(([name, words]) => {
              const from = before;
              before += stages[name];
              return html`<dt>${words}</dt>
                <dd class="stage">
                  <span class="mono">${duration(stages[name])}</span>
                  <svg aria-hidden="true">
                    ${svg`<rect class="all" width="100%" height="100%" rx="2"></rect><rect class="part" x=${percent(from, total)} width=${percent(stages[name], total)} height="100%" rx="2"></rect>`}
                  </svg>
                </dd>`;
            })
          : nothing
      }
    </dl>
    ${stages ? html`<p class="small">Fetching weights and setting up the device are in the stage that waited for them: a first run’s blocks, mostly.</p>` : nothing}`;
}

function percent(part: number, total: number): string {
  return `${total > 0 ? ((100 * part) / total).toFixed(2) : 0}%`;
}

/** A trace says what its writer's run was. */
function factsOfTrace({ model, engine, device, checks, lens }: TraceData): TemplateResult {
  return html`<h3>Written in a trace</h3>
    <p class="small">Nothing was computed here: this is what the trace says of the run that wrote it.</p>
    <dl>
      <dt>Model</dt>
      <dd>${model.id}${model.revision === undefined ? '' : `, revision ${model.revision}`}</dd>
      <dt>SHA-256 of the weights</dt>
      <dd class="mono hash">${model.weightHash ?? 'not in the trace'}</dd>
      <dt>Lens</dt>
      <dd>
        ${lens.kind}${lens.hash === undefined ? '' : html`, <span class="mono hash">${lens.hash}</span>`}
      </dd>
      <dt>Engine</dt>
      <dd>${engine.name} ${engine.version}</dd>
      <dt>Device</dt>
      <dd>${device === undefined ? 'not in the trace' : `${device.name}: ${device.detail}`}</dd>
    </dl>
    <h3>Self-checks</h3>
    ${checks.length > 0 ? html`<dl>${checks.map(checkRow)}</dl>` : html`<p class="small">The trace has none.</p>`}`;
}
