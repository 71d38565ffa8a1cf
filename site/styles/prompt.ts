/** Styles of the prompt box. */
import { css } from 'lit';

export const promptStyles = css`
  .card {
    padding: 10px 14px 12px;
  }
  /* The box shows the focus for its text. */
  .card:has(textarea:focus-visible) {
    border-color: var(--accent);
    box-shadow: 0 0 0 1px var(--accent);
  }
  textarea:focus-visible {
    outline: 0;
  }
  label.hidden-text {
    left: 0;
  }
  textarea {
    display: block;
    width: 100%;
    min-height: 1.6em;
    max-height: 9.6em;
    margin: 0;
    padding: 3px 0;
    border: 0;
    outline: 0;
    resize: none;
    field-sizing: content;
    background: transparent;
    font: 18px/1.5 var(--serif);
  }
  textarea::placeholder {
    color: var(--dim);
    opacity: 1;
  }
  .tokens {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 3px;
    max-height: 104px;
    min-height: 22px;
    margin: 5px 0 10px;
    padding: 1px;
    overflow: auto;
  }
  .tokens .token {
    padding: 3px 5px;
    line-height: 1.1;
  }
  .token.special {
    background: transparent;
    box-shadow: inset 0 0 0 1px var(--line);
    color: var(--dim);
  }
  .token.over {
    color: var(--bad);
    background: var(--bad-bg);
    text-decoration: line-through;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 8px 10px;
    align-items: center;
  }
  .row .grow {
    flex: 1;
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
    align-items: center;
  }
  .example {
    border: 0;
    border-radius: 999px;
    padding: 3px 10px;
    min-height: 26px;
    background: var(--chip);
    color: var(--chip-ink);
    font-size: 12.5px;
  }
  .example:hover {
    box-shadow: inset 0 0 0 1px var(--line-strong);
  }
  .example[aria-pressed='true'] {
    box-shadow: inset 0 0 0 1.5px var(--accent);
    color: var(--ink);
  }
  .switch {
    display: inline-flex;
    gap: 6px;
    align-items: center;
    min-height: 26px;
    font-size: 12.5px;
    color: var(--dim);
  }
  .switch input {
    appearance: none;
    position: relative;
    width: 28px;
    height: 16px;
    margin: 0;
    border-radius: 99px;
    background: var(--line-strong);
    cursor: pointer;
    transition: background 0.15s;
  }
  .switch input::after {
    content: '';
    position: absolute;
    top: 2px;
    left: 2px;
    width: 12px;
    height: 12px;
    border-radius: 50%;
    background: var(--card);
    transition: transform 0.15s;
  }
  .switch input:checked {
    background: var(--accent);
  }
  .switch input:checked::after {
    transform: translateX(12px);
  }
  .switch input:disabled {
    opacity: 0.5;
    cursor: default;
  }
  .run {
    min-width: 84px;
  }
  .hint {
    margin-top: 8px;
    font-size: 13px;
    color: var(--dim);
  }
  [popover] {
    position: fixed;
    inset: auto;
    margin: 0;
    width: min(440px, calc(100vw - 24px));
    max-height: 50vh;
    overflow: auto;
    padding: 6px;
    border: 1px solid var(--line);
    border-radius: 12px;
    background: var(--card);
    color: var(--ink);
    box-shadow: var(--shadow);
  }
  [popover] ol {
    list-style: none;
    margin: 0;
    padding: 0;
  }
  [popover] li button {
    display: block;
    width: 100%;
    padding: 7px 9px;
    border: 0;
    border-radius: 8px;
    background: none;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    text-align: left;
    font: 15px/1.3 var(--serif);
  }
  [popover] li button:hover,
  [popover] li button:focus-visible {
    background: var(--chip);
  }
  .forget {
    margin: 6px 9px 4px;
  }
  @media (max-width: 600px) {
    .card {
      padding: 8px 12px 10px;
    }
    .tokens {
      max-height: 78px;
    }
    .row .grow {
      flex: 1 0 100%;
      flex-wrap: nowrap;
      overflow-x: auto;
      scrollbar-width: none;
      padding: 2px;
      margin: -2px;
    }
    .example {
      flex: none;
    }
    .row .button {
      flex: 1;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .switch input,
    .switch input::after {
      transition: none;
    }
  }
`;
