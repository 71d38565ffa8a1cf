/** Styles of the lens table. Its measures stand in grid-geometry.ts too. */
import { css } from 'lit';

const styles = css`
  :host {
    display: block;
    overflow: auto;
    max-height: min(78vh, 980px);
    overscroll-behavior-x: contain;
    scroll-padding: 30px 12px 12px 60px;
    scroll-behavior: auto;
    padding: 0 3px 3px 0;
    font: 12px/1.2 var(--mono);
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  .stage {
    position: relative;
    min-width: 100%;
  }
  [role='row'] {
    position: relative;
    height: 28px;
  }
  .head {
    position: sticky;
    top: 0;
    z-index: 4;
    background: var(--bg);
  }
  [role='columnheader'],
  [role='rowheader'] {
    color: var(--dim);
    white-space: nowrap;
    overflow: hidden;
  }
  .column {
    position: absolute;
    top: 0;
    width: var(--column);
    height: 28px;
    padding: 6px 3px 0;
    text-align: center;
    text-overflow: ellipsis;
    font-weight: 500;
  }
  .corner,
  .layer {
    position: sticky;
    left: 0;
    z-index: 3;
    display: flex;
    align-items: center;
    justify-content: flex-end;
    width: 52px;
    height: 28px;
    padding: 0 9px 2px 0;
    background: var(--bg);
    font-variant-numeric: tabular-nums;
  }
  .corner {
    font: 11px var(--sans);
  }
  .linked {
    color: var(--ink);
    font-weight: 700;
  }
  .mid {
    font-size: 11px;
  }
  [role='gridcell'] {
    position: absolute;
    top: 0;
    width: var(--column);
    height: 26px;
    padding: 6px 4px 0;
    contain: strict;
    border-radius: 4px;
    text-align: center;
    white-space: pre;
    cursor: pointer;
    /* The colour is the reading: it stays where the system picks all others. */
    forced-color-adjust: none;
  }
  /* A long press shows a cell's card, and marks no text. */
  @media (pointer: coarse) {
    [role='gridcell'] {
      -webkit-user-select: none;
      user-select: none;
      -webkit-touch-callout: none;
    }
  }
  /* A clip a cell is dear when there are thousands: only where the text may be too long for it. */
  .long {
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .none {
    color: var(--dim);
    background: repeating-linear-gradient(135deg, var(--chip) 0 3px, transparent 3px 6px);
  }
  .fading .filled {
    animation: arrive 0.18s ease-out;
  }
  @keyframes arrive {
    from {
      opacity: 0.3;
    }
  }
  .current {
    outline: 2px solid var(--line-strong);
    outline-offset: -1px;
    z-index: 1;
  }
  .selected,
  [role='gridcell']:focus-visible {
    outline: 2px solid var(--ink);
    outline-offset: -1px;
    z-index: 2;
  }
  .waiting::after {
    content: '';
    position: absolute;
    inset: 0 0 2px 52px;
    border-radius: 4px;
    background: var(--chip);
    opacity: 0.75;
  }
  [data-pin]::after {
    content: '';
    position: absolute;
    top: 3px;
    right: 3px;
    width: 8px;
    height: 8px;
    border-radius: 50%;
    border: 1px solid currentcolor;
    background: var(--pin);
  }
  [data-pin='0'] {
    --pin: var(--series-0);
  }
  [data-pin='1'] {
    --pin: var(--series-1);
  }
  [data-pin='2'] {
    --pin: var(--series-2);
  }
  [data-pin='3'] {
    --pin: var(--series-3);
  }
  [data-pin='4'] {
    --pin: var(--series-4);
  }
  [data-pin='5'] {
    --pin: var(--series-5);
  }
  svg {
    position: absolute;
    top: 0;
    z-index: 1;
    pointer-events: none;
  }
  path {
    fill: none;
    stroke: var(--settle);
    stroke-width: 2.5;
    stroke-linecap: round;
  }
  .joins {
    stroke-width: 1;
    stroke-opacity: 0.75;
  }
  /* The printed sheet has the table whole. */
  @media print {
    :host {
      display: var(--table-on-screen, block);
      max-height: none;
    }
    [role='gridcell'] {
      print-color-adjust: exact;
      -webkit-print-color-adjust: exact;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .fading .filled {
      animation: none;
    }
  }
`;

let sheet: CSSStyleSheet | undefined;

/** One sheet in memory, for elements that are not Lit's. */
export function gridSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(styles.cssText);
  }
  return sheet;
}
