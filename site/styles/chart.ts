/** Styles of a chart: the part of uPlot's own sheet that its canvas, cursor and points need, in our colours. */
import { css } from 'lit';

const styles = css`
  :host {
    display: block;
    min-width: 0;
    overflow: hidden;
  }
  .uplot {
    width: min-content;
  }
  .u-wrap {
    position: relative;
    -webkit-user-select: none;
    user-select: none;
    -webkit-touch-callout: none;
  }
  .u-over,
  .u-under,
  .u-axis,
  .u-cursor-x,
  .u-cursor-pt {
    position: absolute;
  }
  .u-under {
    overflow: hidden;
  }
  canvas {
    display: block;
    position: relative;
    width: 100%;
    height: 100%;
  }
  .u-cursor-x,
  .u-cursor-pt {
    top: 0;
    left: 0;
    pointer-events: none;
  }
  .u-cursor-x {
    height: 100%;
    border-right: 1px solid var(--line-strong);
  }
  .u-cursor-pt {
    border: 0 solid;
    border-radius: 50%;
    background-clip: padding-box !important;
  }
  .u-off,
  .u-select {
    display: none;
  }
`;

let sheet: CSSStyleSheet | undefined;

export function chartSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(styles.cssText);
  }
  return sheet;
}
