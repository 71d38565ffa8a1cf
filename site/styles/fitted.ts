/** Styles of the view of fitted and tuned lenses, and of averages over prompts. */
import { css } from 'lit';

export const fittedStyles = css`
  .cards {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr));
    gap: 16px;
    align-items: start;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
    margin: 10px 0;
  }
  .row label {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-height: 32px;
    font-size: 13px;
  }
  select,
  textarea {
    font: inherit;
    color: inherit;
    background: var(--bg);
    border: 1px solid var(--line-strong);
    border-radius: 8px;
    padding: 5px 8px;
  }
  textarea {
    display: block;
    box-sizing: border-box;
    width: 100%;
    min-height: 90px;
  }
  progress {
    width: min(260px, 100%);
    accent-color: var(--accent);
  }
  .problem {
    color: var(--bad);
  }
  .scroll {
    overflow-x: auto;
  }
  table {
    border-collapse: collapse;
    font-size: 12.5px;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    padding: 2px 10px 2px 0;
    text-align: right;
    white-space: nowrap;
  }
  th {
    font-weight: 550;
  }
`;
