/** Styles of the lens view around its table. */
import { css } from 'lit';

export const lensStyles = css`
  /* Holds the place of what is still to come. */
  .going {
    min-height: 92px;
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 6px 16px;
    min-height: 32px;
    margin-bottom: 6px;
  }
  .head h2 small {
    margin-left: 6px;
  }
  .controls {
    display: flex;
    flex-wrap: wrap;
    gap: 6px 14px;
    align-items: center;
  }
  fieldset {
    display: inline-flex;
    flex-wrap: wrap;
    align-items: center;
    margin: 0;
    padding: 2px;
    border: 0;
    border-radius: 9px;
    background: var(--chip);
  }
  legend {
    float: left;
    padding: 0 6px 0 8px;
    font-size: 12px;
    color: var(--chip-ink);
  }
  fieldset label {
    position: relative;
    border-radius: 7px;
    padding: 3px 9px;
    font-size: 12.5px;
    color: var(--chip-ink);
    cursor: pointer;
  }
  fieldset label:has(:checked) {
    background: var(--card);
    color: var(--ink);
    font-weight: 550;
    box-shadow: 0 1px 2px rgb(0 0 0 / 14%);
  }
  fieldset label:has(:focus-visible) {
    outline: 2px solid var(--accent);
  }
  fieldset input {
    position: absolute;
    inset: 0;
    margin: 0;
    opacity: 0;
    cursor: pointer;
  }
  .switch,
  .target {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-height: 28px;
    font-size: 12.5px;
    color: var(--chip-ink);
  }
  select {
    max-width: 190px;
    min-height: 28px;
    padding: 2px 6px;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: var(--card);
  }
  .step {
    width: 13px;
    height: 13px;
    border-radius: 3px;
    box-shadow: inset 0 0 0 1px var(--line);
  }
  progress {
    width: 90px;
    height: 6px;
    accent-color: var(--accent);
  }
  .switch label {
    display: inline-flex;
    align-items: center;
    gap: 5px;
  }
  .switch input {
    margin: 0;
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 18px;
    margin: 6px 0 0 52px;
    font-size: 12px;
    color: var(--dim);
  }
  .legend span {
    display: inline-flex;
    align-items: center;
    gap: 7px;
  }
  /* A colour that is a reading's stays, in the system's colours and on paper. */
  .ramp,
  .stroke {
    forced-color-adjust: none;
    print-color-adjust: exact;
    -webkit-print-color-adjust: exact;
  }
  .ramp {
    width: 150px;
    height: 9px;
    border-radius: 4px;
    box-shadow: inset 0 0 0 1px var(--line);
  }
  .stroke {
    width: 22px;
    height: 0;
    border-top: 2px solid var(--settle);
  }
  .say {
    max-width: 100ch;
    margin-top: 12px;
    font-size: 13.5px;
    line-height: 1.6;
    color: var(--chip-ink);
  }
  .progress {
    display: flex;
    align-items: center;
    gap: 10px;
    min-height: 22px;
    margin-bottom: 4px;
    font-size: 12.5px;
    color: var(--dim);
    font-variant-numeric: tabular-nums;
  }
  .track {
    flex: 0 1 260px;
    height: 6px;
    overflow: hidden;
    border-radius: 3px;
    background: var(--chip);
  }
  .track svg {
    display: block;
    width: 100%;
    height: 100%;
    fill: var(--accent);
  }
  .track.unknown rect {
    animation: sweep 1.2s ease-in-out infinite alternate;
  }
  @keyframes sweep {
    to {
      transform: translateX(70%);
    }
  }
  .notice {
    padding: 22px 24px 24px;
  }
  .notice h3 {
    font-size: 16px;
    margin-bottom: 6px;
  }
  .notice p {
    max-width: 70ch;
    overflow-wrap: anywhere;
  }
  .notice .ways {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    margin-top: 14px;
  }
  .notice.error {
    border-color: var(--bad);
    background: var(--bad-bg);
  }
  .notice.error h3 {
    color: var(--bad);
  }
  .stack {
    display: grid;
    gap: 3px;
    width: 120px;
    margin-bottom: 14px;
  }
  .stack i {
    height: 7px;
    border-radius: 3px;
    background: var(--bar);
  }
  .stack i:nth-child(1) {
    opacity: 0.95;
    width: 100%;
  }
  .stack i:nth-child(2) {
    opacity: 0.7;
    width: 82%;
  }
  .stack i:nth-child(3) {
    opacity: 0.45;
    width: 61%;
  }
  .stack i:nth-child(4) {
    opacity: 0.25;
    width: 44%;
  }
  @media (max-width: 900px) {
    .head h2 small {
      display: block;
      margin: 2px 0 0;
    }
    .legend {
      margin-left: 0;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .track.unknown rect {
      animation: none;
    }
  }
`;
