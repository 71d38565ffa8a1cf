/** Styles of the small maps: buttons over a canvas. */
const RULES = `
  :host { display: block; overflow-x: auto; padding: 4px; margin: -4px; }
  .stage { position: relative; }
  canvas { position: absolute; inset: 0; pointer-events: none; }
  button {
    position: absolute; padding: 0; border: 0; border-radius: 4px; background: none; cursor: pointer;
    display: flex; align-items: flex-end; justify-content: center; color: var(--dim);
    font: 12px/1.3 var(--sans); font-variant-numeric: tabular-nums; outline: 1px solid var(--line);
  }
  span { overflow: hidden; max-width: 100%; white-space: nowrap; text-overflow: ellipsis; }
  i {
    position: absolute; left: 0; width: 24px; display: grid; place-items: center end;
    color: var(--dim); font: 12px/1 var(--mono);
  }
  button:hover { outline-color: var(--line-strong); color: var(--ink); }
  button[aria-checked='true'] { outline: 2px solid var(--accent); outline-offset: 1px; color: var(--ink); font-weight: 600; }
  button:focus-visible { outline: 3px solid var(--accent); outline-offset: 1px; }
`;

let sheet: CSSStyleSheet | undefined;

export function headGridSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(RULES);
  }
  return sheet;
}
