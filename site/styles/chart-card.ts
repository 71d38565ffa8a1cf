/** Styles of the cards that hold charts. */
import { css } from 'lit';

export const chartCardStyles = css`
  h2 {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 6px;
    align-items: baseline;
    margin-bottom: 2px;
  }
  h3 {
    margin: 6px 0 0;
    font-size: 12px;
    font-weight: 400;
    color: var(--dim);
  }
  .keys {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 14px;
    min-height: 26px;
    margin: 4px 0 0;
    padding: 0;
    list-style: none;
    font-size: 12.5px;
  }
  .keys li {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-height: 26px;
    min-width: 0;
  }
  .keys svg {
    flex: none;
    width: 18px;
    height: 4px;
  }
  h3 .value {
    margin-left: 8px;
    color: var(--ink);
  }
  .value {
    font: 12px var(--mono);
    color: var(--dim);
    font-variant-numeric: tabular-nums;
  }
  .spell {
    min-height: 24px;
    padding: 1px 8px;
    border: 1px solid var(--line);
    border-radius: 999px;
    background: none;
    font-size: 11.5px;
    color: var(--dim);
  }
  .spell[aria-pressed='true'] {
    background: var(--chip);
    color: var(--ink);
  }
  h3 label {
    margin-right: 8px;
    white-space: nowrap;
  }
  .remove {
    width: 24px;
    height: 24px;
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: none;
    color: var(--dim);
    line-height: 1;
  }
  .remove:hover {
    background: var(--chip);
    color: var(--ink);
  }
  .waiting {
    display: grid;
    place-items: center start;
    min-height: 60px;
  }
`;
