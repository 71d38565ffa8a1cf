/** Styles of the attention view. */
import { css } from 'lit';

export const attentionStyles = css`
  .parts {
    display: grid;
    grid-template-columns: minmax(220px, 380px) minmax(0, 1fr) minmax(240px, 300px);
    gap: 16px;
    align-items: start;
  }
  .stale {
    opacity: 0.6;
  }
  .card {
    min-width: 0;
  }
  .card h2 {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 6px;
    align-items: baseline;
    margin-bottom: 8px;
  }
  .wide {
    grid-column: 1 / -1;
  }
  .texts {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(380px, 100%), 1fr));
    gap: 6px 28px;
  }
  h3 {
    margin: 10px 0 4px;
  }
  h3:first-child {
    margin-top: 0;
  }
  .said {
    margin: 8px 0 0;
    font-size: 13px;
    line-height: 1.55;
    color: var(--chip-ink);
  }
  .legend {
    margin: 10px 0 0;
  }
  .unseen {
    width: 22px;
    height: 12px;
    border-radius: 3px;
    background: repeating-linear-gradient(135deg, var(--line) 0 1.5px, var(--chip) 1.5px 4px);
    box-shadow: inset 0 0 0 1px var(--line);
  }
  ol {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  li button {
    display: grid;
    grid-template-columns: minmax(60px, 96px) 1fr 62px;
    gap: 8px;
    align-items: center;
    width: 100%;
    min-height: 26px;
    padding: 2px 4px;
    border: 0;
    border-radius: 6px;
    background: none;
    font: 12.5px/1.3 var(--mono);
    text-align: left;
  }
  li button:hover {
    background: var(--chip);
  }
  li span {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: pre;
  }
  li .p {
    text-align: right;
    color: var(--dim);
    font-variant-numeric: tabular-nums;
  }
  li svg {
    width: 100%;
    height: 9px;
    fill: var(--bar);
  }
  .pick {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-height: 32px;
    font-size: 12.5px;
    color: var(--chip-ink);
  }
  .scroll {
    max-height: 340px;
    overflow: auto;
  }
  .scroll:focus-visible {
    outline-offset: -2px;
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: 12.5px;
  }
  th,
  td {
    padding: 3px 8px;
    text-align: left;
    font-weight: 400;
    white-space: nowrap;
  }
  thead th {
    position: sticky;
    top: 0;
    background: var(--card);
    color: var(--dim);
  }
  td {
    font-family: var(--mono);
    font-variant-numeric: tabular-nums;
  }
  summary {
    min-height: 28px;
    cursor: pointer;
    font-size: 12.5px;
    color: var(--dim);
  }
  details {
    margin-top: 8px;
  }
  @media (max-width: 1180px) {
    .parts {
      grid-template-columns: minmax(200px, 300px) minmax(0, 1fr);
    }
    .readout {
      grid-column: 1 / -1;
    }
  }
  @media (max-width: 720px) {
    .parts {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
