/** Says that the table is a trace's, what it lacks, and offers to run its prompt on its model. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { readableText } from '../../shared/picture/visible.ts';
import { modelOf } from '../controllers/trace-reading.ts';
import { isTraceId, PACKED } from '../controllers/trace-source.ts';
import { LOCAL, type ViewState } from '../controllers/view-state.ts';
import { shared } from '../styles/shared.ts';
import { Panel } from './panel.ts';

export class TraceBarElement extends Panel {
  static override styles = [
    shared,
    css`
      section {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px 16px;
        border-left: 4px solid var(--accent);
      }
      div {
        flex: 1 1 300px;
        min-width: 0;
      }
      p {
        overflow-wrap: anywhere;
      }
    `,
  ];
  protected readonly shows = ['run', 'model'] as const satisfies (keyof ViewState)[];

  protected override render(): TemplateResult | typeof nothing {
    const trace = this.state.run?.trace;
    if (!trace) return nothing;
    const { data, missing } = trace;
    const model = modelOf(data);
    const made = [
      `by ${data.engine.name} ${data.engine.version}`,
      data.device ? `on ${data.device.name}` : '',
    ];
    return html`<section class="card" aria-label="Trace">
      <div>
        <h2>Read from a trace: ${called(trace.name)}</h2>
        <p class="small">
          Of <b>${readableText(data.model.id)}</b>, made ${readableText(made.filter(Boolean).join(' '))}; no
          model is loaded. ${data.lens.kind === 'raw' ? nothing : html`Its lens is ${data.lens.kind}.`}
          ${data.interventions.length > 0 ? html`The run was changed by ${data.interventions.length} interventions.` : nothing}
          ${missing.length > 0 ? html`It does not hold: ${missing.join(', ')}.` : nothing}
          ${model === undefined ? html`It names no model that could run here.` : nothing}
        </p>
      </div>
      <button
        class="button primary"
        ?disabled=${model === undefined}
        title=${model === undefined ? nothing : `Loads ${readableText(model)} and runs the same tokens`}
        @click=${() => this.session.run()}
      >
        Run live
      </button>
    </section>`;
  }
}
customElements.define('rs-trace-bar', TraceBarElement);

function called(name: string): string {
  if (isTraceId(name)) return `${name.slice(0, 12)}…`;
  if (name.startsWith(PACKED)) return 'in the link itself';
  return readableText(name.startsWith(LOCAL) ? name.slice(LOCAL.length) : name);
}
