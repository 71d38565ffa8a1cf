/** A chart's key: a stroke in the series' colour. */
import { html, svg, type TemplateResult } from 'lit';

export function stroke(colour: number, dashed = false): TemplateResult {
  return html`<svg viewBox="0 0 18 4" aria-hidden="true">
    ${svg`<line x1="1" x2="17" y1="2" y2="2" stroke=${`var(--series-${colour})`} stroke-width="3"
      stroke-linecap="round" stroke-dasharray=${dashed ? '4 4' : 'none'}></line>`}
  </svg>`;
}
