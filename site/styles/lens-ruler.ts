/** Styles of the table's ruler. */
import { css } from 'lit';

const styles = css`
  :host {
    display: block;
    margin: 4px 0 0;
  }
  :host([hidden]) {
    display: none;
  }
  .bars {
    position: relative;
    margin-left: 52px;
    overflow: hidden;
  }
  canvas {
    display: block;
    cursor: pointer;
  }
  i {
    position: absolute;
    top: 0;
    left: 0;
    height: 100%;
    border: 1.5px solid var(--ink);
    border-radius: 4px;
    box-sizing: border-box;
    pointer-events: none;
  }
  i[hidden] {
    display: none;
  }
`;

let sheet: CSSStyleSheet | undefined;

export function rulerSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(styles.cssText);
  }
  return sheet;
}
