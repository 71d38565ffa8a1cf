/** Styles of the heads view. */
import { css } from 'lit';

export const headsStyles = css`
  .parts {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 1.15fr);
    gap: 16px;
    align-items: start;
    margin-bottom: 16px;
  }
  .parts.even {
    grid-template-columns: minmax(0, 1.25fr) minmax(0, 1fr);
    margin-top: 16px;
  }
  .parts > *,
  .card {
    min-width: 0;
  }
  .stale {
    opacity: 0.6;
  }
  .card h2 {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 6px;
    align-items: baseline;
    margin-bottom: 8px;
  }
  rs-heat-map {
    margin-top: 10px;
  }
  .legend {
    margin: 10px 0 0;
  }
  .said,
  .say {
    max-width: 110ch;
    margin: 8px 0 0;
    font-size: 13px;
    line-height: 1.6;
    color: var(--chip-ink);
  }
  .say {
    margin: 0 0 12px;
    font-size: 14px;
    color: var(--ink);
  }
  .bad {
    color: var(--bad);
  }
  .scroll {
    max-height: 470px;
    overflow: auto;
  }
  .scroll:focus-visible {
    outline-offset: -2px;
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: 12.5px;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    padding: 3px 10px 3px 0;
    text-align: left;
    font-weight: 400;
    white-space: nowrap;
    border-bottom: 1px solid var(--line);
  }
  thead th {
    position: sticky;
    top: 0;
    background: var(--card);
    color: var(--dim);
    vertical-align: bottom;
  }
  table.list thead th button {
    padding: 2px 0;
    min-height: 24px;
    border: 0;
    background: none;
    color: var(--dim);
    font-size: 12px;
    text-align: left;
    white-space: normal;
  }
  table.list th[aria-sort] button {
    color: var(--ink);
    font-weight: 600;
  }
  td.by {
    color: var(--ink);
    font-weight: 600;
  }
  table.list td {
    color: var(--chip-ink);
  }
  .called {
    display: flex;
    gap: 4px;
    min-height: 33px;
    align-items: center;
  }
  .called .pill {
    padding: 1px 8px;
    min-height: 20px;
    font-size: 11.5px;
  }
  button.open {
    min-width: 38px;
    min-height: 26px;
    padding: 1px 7px;
    border: 1px solid var(--line);
    border-radius: 7px;
    background: var(--card);
    color: var(--accent);
    font: 12.5px/1.2 var(--mono);
  }
  button.open:hover {
    border-color: var(--accent);
  }
  .more {
    margin-top: 8px;
  }
  .notes {
    margin: 14px 0 0;
    padding-left: 18px;
  }
  .pick {
    display: inline-flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px;
    min-height: 32px;
    font-size: 12.5px;
    color: var(--chip-ink);
  }
  .pick input[type='range'] {
    width: 150px;
    accent-color: var(--accent);
  }
  .value {
    font: 12px var(--mono);
  }
  .graph {
    overflow-x: auto;
  }
  svg.picture {
    min-width: 520px;
    display: block;
    width: 100%;
    height: auto;
    margin-top: 8px;
    font: 10.5px var(--sans);
  }
  svg.picture text {
    fill: var(--dim);
  }
  .dot {
    fill: var(--line);
  }
  /* A finger's width. */
  .reach {
    fill: none;
    stroke: transparent;
    stroke-width: 14;
  }
  .edge {
    fill: none;
    stroke: var(--series-0);
  }
  .edge.own,
  .edge.near {
    stroke: var(--settle);
  }
  .end {
    cursor: pointer;
  }
  .end circle {
    fill: var(--series-0);
  }
  .end text {
    fill: var(--ink) !important;
    paint-order: stroke;
    stroke: var(--card);
    stroke-width: 3px;
  }
  .key {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 14px;
    margin-top: 6px;
    font-size: 12px;
    color: var(--dim);
  }
  .key span {
    display: inline-flex;
    align-items: center;
    gap: 6px;
  }
  .key svg {
    flex: none;
    width: 18px;
    height: 4px;
  }
  i.own {
    width: 18px;
    height: 3px;
    border-radius: 2px;
    background: var(--settle);
  }
  details {
    margin-top: 8px;
  }
  summary {
    min-height: 26px;
    cursor: pointer;
    font-size: 12.5px;
    color: var(--dim);
  }
  form label {
    display: block;
    margin-bottom: 4px;
    font-size: 12.5px;
    color: var(--dim);
  }
  .line {
    display: flex;
    gap: 8px;
  }
  .line input {
    flex: 1;
    min-width: 0;
    max-width: 720px;
    min-height: 34px;
    padding: 4px 10px;
    border: 1px solid var(--line-strong);
    border-radius: 8px;
    background: var(--card);
    font-size: 14px;
  }
  .tokens {
    display: flex;
    flex-wrap: wrap;
    gap: 4px;
    align-items: flex-end;
    margin: 14px 0 6px;
  }
  .tokens .token {
    display: inline-grid;
    justify-items: center;
    font-size: 12.5px;
  }
  .tokens .token b {
    font: 600 10px/1.3 var(--sans);
    opacity: 0.85;
  }
  .token.a,
  .token.b {
    forced-color-adjust: none;
  }
  .token.a {
    background: var(--series-0);
    color: var(--card);
  }
  .token.b {
    background: var(--series-1);
    color: var(--card);
  }
  .steps {
    margin: 8px 0 0;
    padding-left: 20px;
    font-size: 13.5px;
    line-height: 1.75;
    color: var(--chip-ink);
  }
  .steps b {
    color: var(--ink);
  }
  table.bars {
    width: auto;
    margin-top: 4px;
  }
  table.bars th,
  table.bars td {
    border: 0;
    padding: 2px 12px 2px 0;
  }
  .bar svg {
    display: block;
    width: clamp(48px, 18vw, 260px);
    height: 9px;
    border-radius: 2px;
    background: var(--chip);
    fill: var(--bar);
  }
  .bars .small {
    white-space: normal;
  }
  .number {
    font: 12.5px var(--mono);
    color: var(--ink);
  }
  @media (max-width: 1080px) {
    .parts,
    .parts.even {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
