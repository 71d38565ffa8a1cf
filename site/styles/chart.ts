/** Styles of a chart: uPlot's own, and ours over them. */
import { css } from 'lit';
import uplot from 'uplot/dist/uPlot.min.css?inline';

const own = css`
  :host {
    display: block;
    min-width: 0;
    overflow: hidden;
  }
  .u-hz .u-cursor-x {
    border-right: 1px solid var(--line-strong);
  }
`;

let sheet: CSSStyleSheet | undefined;

export function chartSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(`${uplot}${own.cssText}`);
  }
  return sheet;
}
