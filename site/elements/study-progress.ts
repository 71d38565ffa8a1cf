/** How far something long is, with a way to cancel it. */
import { html, nothing, svg, type TemplateResult } from 'lit';

/** Done of all, in whatever unit; unknown where `total` is 0. */
export interface Share {
  readonly done: number;
  readonly total: number;
}

/** @param label what goes on; `words` how far it is. */
export function studyProgress(
  label: string,
  words: string,
  { done, total }: Share,
  cancel: () => void,
): TemplateResult {
  const known = total > 0;
  const percent = known ? Math.round((100 * done) / total) : 30;
  return html`<div class="progress">
    <div
      class="track ${known ? '' : 'unknown'}"
      role="progressbar"
      aria-label=${label}
      aria-valuemin=${known ? 0 : nothing}
      aria-valuemax=${known ? 100 : nothing}
      aria-valuenow=${known ? percent : nothing}
      aria-valuetext=${words}
    >
      <svg aria-hidden="true">${svg`<rect width=${`${percent}%`} height="100%" rx="3"></rect>`}</svg>
    </div>
    <span>${words}</span>
    <button class="button" @click=${cancel}>Cancel</button>
  </div>`;
}
