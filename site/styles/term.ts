/** The small "?" that opens a definition, wherever one stands. */
import { css } from 'lit';

export const termStyles = css`
  .term {
    display: inline-grid;
    place-items: center;
    width: 24px;
    height: 24px;
    margin: -6px -4px -6px -2px;
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: none;
    color: var(--dim);
    font: 600 11px/1 var(--sans);
    vertical-align: middle;
  }
  .term:hover {
    background: var(--chip);
    color: var(--ink);
  }
`;
