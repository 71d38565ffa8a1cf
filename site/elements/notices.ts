/** What stands where the table would be: progress, nothing yet, or what went wrong and the ways out. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import { EXAMPLES } from '../words/examples.ts';
import { bytes } from '../controllers/numbers.ts';
import { timeLeft, type Arrival } from '../controllers/pace.ts';
import type { Problem, WayOut } from '../words/problems.ts';
import type { Session } from '../controllers/session.ts';
import { DEFAULT_MODEL, layerName, type RunView, type ViewState } from '../controllers/view-state.ts';
import { openModels, openTraceDialog } from './open.ts';

const WAYS: Record<WayOut, string> = {
  retry: 'Try again',
  reopen: 'Try again',
  trace: 'Open another trace',
  wasm: 'Run on wasm instead',
  model: `Use ${DEFAULT_MODEL}`,
  example: 'Run an example',
  shorten: 'Run the beginning',
  pick: 'Pick a model',
  token: 'Give an access token',
};

/** Bytes while weights arrive, rows while a run goes on. */
export function progressLine({ weights, run, info, model, trace }: ViewState): TemplateResult {
  const arriving = weights && weights.loadedBytes < weights.totalBytes ? weights : undefined;
  if (run && run.rows.length > 0 && !arriving) {
    const all = run.model.spec.nLayers + 1;
    const done = run.rows.length;
    const words = done < all ? `${layerName(done - 1)} read` : 'checking the numbers';
    return bar('Running', words, done, all, `${done} of ${all} rows`);
  }
  if (arriving) {
    const { loadedBytes, totalBytes } = arriving;
    const words = arrivalWords(arriving, run);
    return bar('Loading weights', words, loadedBytes, totalBytes, words);
  }
  return bar(
    info ? 'Running' : 'Loading',
    trace !== undefined ? 'opening the trace' : info ? 'starting the engine' : `opening ${model}`,
    undefined,
    1,
    '',
  );
}

/** `block 3 of 12 · 45.1 MB of 249 MB · 5.2 MB/s · about 40 s left` */
function arrivalWords(arriving: Arrival, run: RunView | undefined): string {
  const blocks = run?.model.spec.nLayers ?? 0;
  // Row 0 is the embedding; the block that is waited for is the one after the last row.
  const rows = run?.rows.length ?? 0;
  const part = rows === 0 ? 'embedding' : `block ${Math.min(rows, blocks)} of ${blocks}`;
  const { loadedBytes, totalBytes, rate } = arriving;
  const words = [part, `${bytes(loadedBytes)} of ${bytes(totalBytes)}`];
  if (rate !== undefined) words.push(`${bytes(rate)}/s`, timeLeft(arriving));
  return words.filter(Boolean).join(' · ');
}

function bar(
  name: string,
  words: string,
  value: number | undefined,
  max: number,
  text: string,
): TemplateResult {
  const share = value === undefined ? 30 : (100 * value) / max;
  return html`<div class="progress">
    <div
      class="track ${value === undefined ? 'unknown' : ''}"
      role="progressbar"
      aria-label=${name}
      aria-valuemin=${value === undefined ? nothing : 0}
      aria-valuemax=${value === undefined ? nothing : max}
      aria-valuenow=${value ?? nothing}
      aria-valuetext=${value === undefined ? nothing : text}
    >
      <svg aria-hidden="true">${svg`<rect width=${`${share}%`} height="100%" rx="3"></rect>`}</svg>
    </div>
    <span>${words}</span>
  </div>`;
}

export function problemNotice(problem: Problem, session: Session): TemplateResult {
  return html`<div class="card notice error">
    <h3>${problem.title}</h3>
    <p>${problem.message}</p>
    <div class="ways">
      ${problem.ways.map(
        (way, i) =>
          html`<button class="button ${i === 0 ? 'primary' : ''}" @click=${() => takeWayOut(session, way)}>
            ${WAYS[way]}
          </button>`,
      )}
    </div>
  </div>`;
}

function takeWayOut(session: Session, way: WayOut): void {
  if (way === 'pick') openModels(session);
  else if (way === 'token') openModels(session, 'token');
  else if (way === 'trace') openTraceDialog(session);
  else void session.takeWayOut(way);
}

export function emptyNotice({ cancelled }: ViewState, session: Session): TemplateResult {
  return html`<div class="card notice">
    <div class="stack" aria-hidden="true"><i></i><i></i><i></i><i></i></div>
    <h3>${cancelled ? 'Cancelled' : 'Nothing has run yet'}</h3>
    <p>
      ${
        cancelled
          ? 'Nothing was read. Press Run to start again.'
          : `Type a sentence and press Run: each layer of ${DEFAULT_MODEL}, a small language model that runs in this page, is asked what it would say next. Or start with one of these.`
      }
    </p>
    <div class="ways">
      ${EXAMPLES.map(
        (example) =>
          html`<button class="button" title=${example.prompt} @click=${() => session.showExample(example)}>
            ${example.label}
          </button>`,
      )}
    </div>
  </div>`;
}
