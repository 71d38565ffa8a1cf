/** Styles of the directions view. */
import { css } from 'lit';

export const directionsStyles = css`
  .cards {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(340px, 100%), 1fr));
    gap: 16px;
    align-items: start;
  }
  .cards.stale {
    opacity: 0.55;
  }
  .card {
    min-width: 0;
  }
  /* Beside the list of readouts, two rows of charts. */
  @media (min-width: 1130px) {
    .tall {
      grid-row: span 2;
    }
  }
  fieldset {
    flex-wrap: wrap;
  }
  fieldset label {
    white-space: nowrap;
  }
  svg.histogram {
    max-width: 560px;
    margin-top: 10px;
  }
  .card h2 {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 6px;
    align-items: baseline;
    margin-bottom: 6px;
  }
  label.pick {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-height: 32px;
    font-size: 13px;
  }
  select,
  textarea,
  input[type='file'] {
    max-width: 100%;
    border: 1px solid var(--line-strong);
    border-radius: 8px;
    padding: 4px 8px;
    background: var(--card);
    font-size: 13px;
  }
  select {
    min-height: 32px;
  }
  textarea {
    display: block;
    width: 100%;
    min-height: 110px;
    margin-top: 6px;
    resize: vertical;
  }
  .say {
    margin: 4px 0 12px;
    font-size: 14px;
    line-height: 1.6;
  }
  svg.picture {
    display: block;
    width: 100%;
    height: auto;
    font: 11px var(--sans);
  }
  svg.picture text {
    fill: var(--dim);
  }
  svg.picture .axis {
    stroke: var(--line);
  }
  svg.picture .way {
    fill: none;
    stroke: var(--line-strong);
    stroke-width: 1.2;
  }
  svg.picture circle {
    stroke: var(--ink);
    stroke-width: 0.6;
  }
  svg.picture .matched {
    fill: var(--series-0);
  }
  svg.picture .unmatched {
    fill: var(--card);
    stroke: var(--series-0);
    stroke-width: 1.2;
  }
  svg.picture .seed {
    stroke: var(--settle);
    stroke-width: 1.5;
    stroke-dasharray: 4 3;
  }
  .key {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 12px;
    margin-top: 4px;
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
  .key svg.scale {
    width: 110px;
    height: 10px;
    border-radius: 3px;
  }
  .key svg.dot {
    width: 12px;
    height: 12px;
  }
  ol.components {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  ol.components li {
    padding: 7px 0;
    border-top: 1px solid var(--line);
  }
  ol.components li:first-child {
    border-top: 0;
  }
  .tokens {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 10px;
    margin-top: 3px;
    font-size: 12px;
    color: var(--dim);
  }
  .yes {
    color: var(--good);
    font-weight: 600;
  }
  .scroll {
    max-height: 300px;
    overflow: auto;
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
  table {
    border-collapse: collapse;
    font-size: 12.5px;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    padding: 3px 10px 3px 0;
    text-align: left;
    vertical-align: top;
    border-bottom: 1px solid var(--line);
    font-weight: 400;
  }
  th {
    color: var(--dim);
  }
  td.big {
    font-size: 18px;
    font-weight: 600;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
    margin: 8px 0;
  }
  .experiment {
    margin-top: 18px;
  }
  .bad {
    color: var(--bad);
  }
`;
