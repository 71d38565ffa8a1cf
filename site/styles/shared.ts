/** Styles that several elements adopt: headings, buttons, chips, cards. One sheet in memory for all of them. */
import { css } from 'lit';

export const shared = css`
  :host {
    display: block;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  [hidden] {
    display: none !important;
  }
  h2,
  h3 {
    margin: 0;
    font-size: 13px;
    font-weight: 600;
    letter-spacing: -0.003em;
  }
  small,
  .small {
    font-size: 12px;
    font-weight: 400;
    color: var(--dim);
  }
  p {
    margin: 0;
  }
  a {
    color: var(--accent);
  }
  button,
  input,
  textarea,
  select {
    font: inherit;
    color: inherit;
  }
  button {
    cursor: pointer;
  }
  button:disabled {
    cursor: default;
    opacity: 0.55;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .card {
    background: var(--card);
    border: 1px solid var(--line);
    border-radius: 12px;
    padding: 12px 14px;
  }
  .button {
    border: 1px solid var(--line);
    border-radius: 8px;
    padding: 5px 11px;
    min-height: 32px;
    background: var(--card);
    font-size: 13px;
    white-space: nowrap;
  }
  .button:hover:not(:disabled) {
    border-color: var(--line-strong);
  }
  .button.primary {
    background: var(--accent);
    border-color: var(--accent);
    color: var(--accent-ink);
    font-weight: 550;
  }
  .button.primary:hover:not(:disabled) {
    filter: brightness(1.08);
  }
  .pill {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    border: 0;
    border-radius: 999px;
    padding: 4px 11px;
    min-height: 26px;
    background: var(--chip);
    color: var(--chip-ink);
    font-size: 12.5px;
    text-align: left;
  }
  .pill b {
    font-weight: 600;
    color: var(--ink);
  }
  button.pill:hover {
    box-shadow: inset 0 0 0 1px var(--line-strong);
  }
  .mono {
    font-family: var(--mono);
    font-size: 12px;
  }
  .token {
    font: 12px/1.3 var(--mono);
    background: var(--chip);
    color: var(--chip-ink);
    border-radius: 5px;
    padding: 1px 5px;
    white-space: pre;
  }
  /* What only a background tells apart, in the system's colour for it. */
  @media (forced-colors: active) {
    .button.primary,
    fieldset label:has(:checked),
    button[aria-pressed='true'] {
      forced-color-adjust: none;
      background: Highlight;
      border-color: Highlight;
      color: HighlightText;
    }
    .button.primary:disabled {
      background: Canvas;
      border-color: GrayText;
      color: GrayText;
      opacity: 1;
    }
  }
  @media print {
    .button,
    .term,
    .controls,
    .on-screen,
    select,
    input,
    form:not(.kept),
    textarea#list,
    label[for='list'],
    label:has(select, input:not([type='radio'])),
    details:not([open]) {
      display: none !important;
    }
    .card {
      break-inside: avoid;
    }
  }
  .hidden-text {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;
