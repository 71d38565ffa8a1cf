/** Styles of the large map. */
const RULES = `
  :host { display: block; min-width: 0; }
  .stage { position: relative; width: fit-content; max-width: 100%; border-radius: 6px; cursor: crosshair; touch-action: pan-y; }
  .stage:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
  @media (pointer: coarse) { .stage { -webkit-user-select: none; user-select: none; -webkit-touch-callout: none; } }
  canvas { display: block; }
  canvas + canvas { position: absolute; inset: 0; pointer-events: none; }
  .hidden-text { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;

let sheet: CSSStyleSheet | undefined;

export function attentionMapSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(RULES);
  }
  return sheet;
}
