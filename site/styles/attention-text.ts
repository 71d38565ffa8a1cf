/** Styles of the shaded text. */
const RULES = `
  :host { display: block; }
  div { line-height: 2.1; font: 13.5px/2.1 var(--mono); overflow-wrap: anywhere; }
  span { padding: 3px 3px; margin: 0 1px; border-radius: 4px; white-space: pre-wrap; cursor: pointer; }
  @media (pointer: coarse) { span { -webkit-user-select: none; user-select: none; -webkit-touch-callout: none; } }
  @media (forced-colors: active) { span[style*='background'] { forced-color-adjust: none; } }
  @media print { span { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
  .unseen { color: var(--dim); }
  span:hover { box-shadow: inset 0 0 0 1.5px var(--line-strong); }
  span[aria-checked='true'] { box-shadow: 0 0 0 2px var(--accent); }
  span:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
`;

let sheet: CSSStyleSheet | undefined;

export function attentionTextSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(RULES);
  }
  return sheet;
}
