/** Styles of a cell's card: beside the cell, or a sheet at the edge of a narrow window. */
import { css } from 'lit';

export const lensCardStyles = css`
  :host {
    position: fixed;
    inset: auto;
    width: 272px;
    margin: 0;
    padding: 10px 12px;
    border: 1px solid var(--line-strong);
    border-radius: 10px;
    background: var(--card);
    color: var(--ink);
    box-shadow: var(--shadow);
    font: 13px/1.4 var(--sans);
  }
  :host(:not(:popover-open)) {
    display: none;
  }
  :host(.sheet) {
    width: auto;
    left: 0;
    right: 0;
    border-width: 1px 0;
    border-radius: 0;
    padding: 12px 16px max(14px, env(safe-area-inset-bottom));
  }
  header {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 6px;
    align-items: baseline;
    margin-bottom: 6px;
    font-weight: 600;
  }
  .close {
    margin-left: auto;
    min-width: 32px;
    min-height: 32px;
    border: 0;
    border-radius: 8px;
    background: var(--chip);
  }
  ol {
    margin: 0 0 6px;
    padding: 0;
    list-style: none;
  }
  li {
    display: grid;
    grid-template-columns: 92px 1fr 52px;
    gap: 8px;
    align-items: center;
    font: 12px/1.55 var(--mono);
  }
  li span {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: pre;
  }
  li svg {
    width: 100%;
    height: 8px;
    fill: var(--bar);
  }
  .p {
    text-align: right;
    color: var(--dim);
    font-variant-numeric: tabular-nums;
  }
  table {
    width: 100%;
    border-collapse: collapse;
    border-top: 1px solid var(--line);
    font-size: 12px;
  }
  th,
  td {
    padding: 2px 0 0;
    font-weight: 400;
    text-align: left;
    white-space: nowrap;
  }
  tr:first-child > * {
    padding-top: 6px;
  }
  th {
    max-width: 110px;
    overflow: hidden;
    text-overflow: ellipsis;
    color: var(--dim);
  }
  td,
  thead th + th {
    padding-left: 10px;
    text-align: right;
  }
  td {
    font-family: var(--mono);
    font-variant-numeric: tabular-nums;
  }
`;
