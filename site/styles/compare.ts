/** Styles of the compare view, and what its table has other than the lens table. */
import { css } from 'lit';
import { gridSheet } from './grid.ts';

export const compareStyles = css`
  form {
    display: grid;
    grid-template-columns: minmax(0, 3fr) minmax(150px, 1.4fr) auto;
    gap: 8px 12px;
    align-items: end;
    margin-bottom: 12px;
  }
  form label {
    display: grid;
    gap: 4px;
    font-size: 12.5px;
    color: var(--dim);
  }
  form input,
  form textarea {
    width: 100%;
    height: 36px;
    padding: 6px 9px;
    border: 1px solid var(--line-strong);
    border-radius: 8px;
    background: var(--bg);
    color: var(--ink);
    font-size: 14px;
  }
  form textarea {
    display: block;
    min-height: 36px;
    resize: vertical;
  }
  .buttons,
  .ways {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
  }
  .card.notice {
    margin: 10px 0;
  }
  .sides {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 18px;
    margin: 0 0 6px;
    font-size: 12.5px;
    color: var(--dim);
  }
  .sides b,
  .mark {
    color: var(--ink);
  }
  .scale {
    display: inline-block;
    width: 150px;
    height: 10px;
    border-radius: 4px;
    box-shadow: inset 0 0 0 1px var(--line);
  }
  .above {
    margin-bottom: 8px;
  }
  .stale {
    opacity: 0.55;
  }
  .cards {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(320px, 100%), 1fr));
    gap: 16px;
    align-items: start;
    margin-top: 14px;
  }
  .cards .card {
    min-width: 0;
  }
  .cards h3 {
    margin-bottom: 6px;
  }
  .key {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 14px;
    margin-top: 4px;
    font-size: 12px;
    color: var(--dim);
  }
  .key span {
    display: inline-flex;
    align-items: center;
    gap: 5px;
  }
  .key svg {
    width: 18px;
    height: 4px;
  }
  details {
    margin-top: 6px;
    font-size: 12.5px;
  }
  summary {
    min-height: 24px;
    color: var(--dim);
    cursor: pointer;
  }
  details .scroll {
    max-height: 300px;
    overflow: auto;
  }
  table {
    border-collapse: collapse;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    padding: 3px 10px 3px 0;
    text-align: left;
    font-weight: 400;
    border-bottom: 1px solid var(--line);
  }
  th {
    color: var(--dim);
  }
  progress {
    width: min(260px, 40vw);
    height: 6px;
  }
  @media (max-width: 720px) {
    form {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;

/** Rows of two lines, as in compare-grid.ts. */
const gridStyles = css`
  [role='row'],
  .column,
  .corner,
  .layer {
    height: 42px;
  }
  .column {
    display: grid;
    align-content: center;
    padding-top: 0;
    line-height: 15px;
  }
  .column span,
  [role='gridcell'] span {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: pre;
  }
  .column.gap {
    color: var(--dim);
    font-style: italic;
  }
  .layer {
    flex-direction: column;
    align-items: flex-end;
    justify-content: center;
    line-height: 14px;
  }
  [role='gridcell'] {
    display: grid;
    align-content: center;
    height: 40px;
    padding: 0 4px;
    line-height: 16px;
  }
  .two span + span {
    border-top: 1px solid color-mix(in srgb, currentcolor 35%, transparent);
  }
`;

let sheet: CSSStyleSheet | undefined;

export function compareGridSheets(): CSSStyleSheet[] {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(gridStyles.cssText);
  }
  return [gridSheet(), sheet];
}

export const compareCardStyles = css`
  :host {
    width: 380px;
  }
  .lists {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 12px;
  }
  .lists h4 {
    margin: 0 0 2px;
    font-size: 12px;
    font-weight: 600;
  }
  .lists li {
    grid-template-columns: minmax(0, 1fr) 48px;
  }
  .lists li.shared span:first-child {
    text-decoration: underline;
    text-underline-offset: 3px;
  }
`;
