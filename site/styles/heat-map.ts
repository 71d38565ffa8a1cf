/** Styles of a table of coloured cells. */
const RULES = `
  :host { display: block; overflow: auto; padding: 3px; margin: -3px; }
  table { border-collapse: separate; border-spacing: 2px; width: 100%; table-layout: fixed; font: 11px/1 var(--sans); font-variant-numeric: tabular-nums; }
  th, .corner { color: var(--dim); font-weight: 400; padding: 2px; }
  th.col { height: 20px; vertical-align: bottom; }
  th.row, .corner { width: 44px; text-align: right; padding-right: 6px; white-space: nowrap; }
  th.row { position: sticky; left: -3px; background: var(--card); z-index: 1; }
  td[role] {
    position: relative; min-width: 30px; height: 28px; padding: 0; border-radius: 4px; text-align: center; cursor: pointer;
    box-shadow: inset 0 0 0 1px color-mix(in srgb, var(--line) 70%, transparent);
  }
  @media (pointer: coarse) { td[role] { -webkit-user-select: none; user-select: none; -webkit-touch-callout: none; } }
  @media (forced-colors: active) { td[role] { forced-color-adjust: none; } }
  @media print { td[role] { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
  table.small { border-spacing: 1px; }
  table.small td[role] { font-size: 0; height: 22px; border-radius: 3px; }
  td.none { background: repeating-linear-gradient(135deg, var(--line) 0 1.5px, var(--chip) 1.5px 4px); }
  td.marked::after {
    content: ''; position: absolute; top: 0; right: 0; border: solid transparent; border-width: 0 8px 8px 0;
    border-right-color: currentcolor; border-top-right-radius: 4px;
  }
  td[role]:hover { box-shadow: inset 0 0 0 1.5px var(--ink); }
  td[aria-selected='true'] { outline: 2px solid var(--accent); outline-offset: 0; }
  td:focus-visible { outline: 3px solid var(--accent); outline-offset: 1px; }
  @media (max-width: 560px) {
    table:not(.small) { width: max-content; min-width: 100%; }
    table:not(.small) td[role] { width: 34px; }
    table.small { width: max-content; }
    table.small td[role] { width: 22px; }
    th.row, .corner { width: 34px; }
  }
`;

let sheet: CSSStyleSheet | undefined;

export function heatMapSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(RULES);
  }
  return sheet;
}
