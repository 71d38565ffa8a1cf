/** About this run: the model and its shape, the device and why it was taken, the self-checks, the times. */
import { html, type TemplateResult } from 'lit';
import type { DeviceChoice } from '../../engine/api.ts';
import { bytes, count, duration } from '../controllers/numbers.ts';
import type { Session } from '../controllers/session.ts';
import type { ViewState } from '../controllers/view-state.ts';
import { checkRow } from './checks.ts';
import { openDialog } from './dialog.ts';
import { showModels } from './models.ts';
import './cross-check.ts';

const DEVICES: readonly (readonly [DeviceChoice, string])[] = [
  ['auto', 'automatic'],
  ['webgpu', 'WebGPU'],
  ['wasm', 'wasm'],
];

export function showAbout(session: Session): void {
  openDialog('About this run', (close) => {
    const { state } = session.store;
    return html`${facts(state)}
      <h3>Check on another device</h3>
      <rs-cross-check .session=${session}></rs-cross-check>
      ${settings(session, close)}`;
  });
}

function facts({ info, run }: ViewState): TemplateResult {
  if (!info) return html`<p class="small">No model is loaded yet.</p>`;
  const { spec, device } = info;
  return html`
    <h3>Model</h3>
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
      <dd>${bytes(info.weightBytes)}, on this device; the prompt is sent nowhere</dd>
      <dt>Begin-of-text token</dt>
      <dd>
        ${info.bosId === undefined ? 'none' : `id ${info.bosId}`}${info.addsBos ? ', put in front by the tokenizer' : ''}
      </dd>
    </dl>
    <h3>Device</h3>
    <dl>
      <dt>Runs on</dt>
      <dd>${device.name === 'webgpu' ? 'WebGPU' : 'wasm'}: ${device.detail}</dd>
      <dt>Why</dt>
      <dd>${device.reason}</dd>
      <dt>Computes in</dt>
      <dd>${device.compute === 'f16' ? 'f32, the products with the blocks’ matrices in f16' : 'f32'}</dd>
      ${
        run?.timings
          ? html`<dt>First row, last row, end</dt>
              <dd>
                ${duration(run.timings.firstReadings)}, ${duration(run.timings.lastReadings)},
                ${duration(run.timings.done)}
              </dd>`
          : ''
      }
    </dl>
    <h3>Self-checks</h3>
    ${
      run?.checks
        ? html`<dl>${run.checks.map(checkRow)}</dl>`
        : html`<p class="small">They come with the end of a run.</p>`
    }
    <p class="small"><a href="/privacy">What is kept, and for how long</a></p>
  `;
}

function settings(session: Session, close: () => void): TemplateResult {
  const { model, device, compute, info } = session.store.state;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const data = new FormData(event.currentTarget);
    const chosen = DEVICES.find(([name]) => name === data.get('device'))?.[0] ?? 'auto';
    const half = data.get('compute') === 'f16' && chosen !== 'wasm';
    close();
    session.setEngine(model, chosen, half ? 'f16' : 'f32');
  };
  return html`
    <h3>Another device or model</h3>
    <form @submit=${submit}>
      <fieldset>
        <legend>Device</legend>
        ${DEVICES.map(
          ([name, word]) =>
            html`<label
              ><input type="radio" name="device" value=${name} ?checked=${name === device} /> ${word}</label
            >`,
        )}
      </fieldset>
      ${
        info?.device.f16
          ? html`<label
              ><input type="checkbox" name="compute" value="f16" ?checked=${compute === 'f16'} /> Half
              precision on WebGPU: half the memory for the blocks’ matrices. Each run measures what it costs:
              the self-check “precision”.</label
            >`
          : ''
      }
      <div class="ways">
        <button class="button primary" type="submit">Run on it</button>
        <button class="button" type="button" @click=${() => showModels(session)}>Pick another model</button>
      </div>
    </form>
  `;
}
