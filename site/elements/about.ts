/** About this run: what stands behind its numbers, the same on another device, and a change of device. */
import { html, type TemplateResult } from 'lit';
import type { DeviceChoice } from '../../engine/api.ts';
import type { Session } from '../controllers/session.ts';
import { openDialog } from './dialog.ts';
import { showModels } from './models.ts';
import './cross-check.ts';
import './run-facts.ts';

const DEVICES: readonly (readonly [DeviceChoice, string])[] = [
  ['auto', 'automatic'],
  ['webgpu', 'WebGPU'],
  ['wasm', 'wasm'],
];

export function showAbout(session: Session): void {
  openDialog('About this run', (close) => {
    return html`<rs-run-facts .session=${session}></rs-run-facts>
      <p class="small"><a href="/privacy">What is kept, and for how long</a></p>
      <h3>Check on another device</h3>
      <rs-cross-check .session=${session}></rs-cross-check>
      ${settings(session, close)}`;
  });
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
