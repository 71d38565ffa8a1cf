/** Styles of the dialog in which a model is picked. */
import { css } from 'lit';

export const modelsStyles = css`
  h3 {
    margin: 20px 0 6px;
  }
  p.small {
    margin: 6px 0 0;
  }
  input {
    width: 100%;
    min-height: 32px;
    padding: 5px 9px;
    border: 1px solid var(--line-strong);
    border-radius: 8px;
    background: var(--bg);
    font-size: 13px;
  }
  input[type='text'],
  input[type='password'] {
    font-family: var(--mono);
  }
  .search {
    display: block;
    position: relative;
    margin-top: 6px;
  }
  ul {
    list-style: none;
    margin: 8px 0 0;
    padding: 0;
  }
  ul.models {
    max-height: 300px;
    margin: 8px -8px 0;
    padding: 2px;
    overflow: auto;
    scrollbar-gutter: stable;
  }
  .model {
    display: grid;
    grid-template-columns: 1fr auto;
    gap: 0 12px;
    align-items: baseline;
    width: 100%;
    padding: 6px 8px;
    border: 0;
    border-radius: 8px;
    background: none;
    text-align: left;
  }
  .model:hover,
  .model:focus-visible {
    background: var(--chip);
  }
  .model:focus-visible {
    outline-offset: -2px;
  }
  .model[aria-current] {
    box-shadow: inset 2px 0 var(--accent);
    border-radius: 2px 8px 8px 2px;
  }
  .name {
    overflow-wrap: anywhere;
    font-size: 13.5px;
  }
  .owner,
  .facts {
    color: var(--dim);
  }
  .model:hover :is(.owner, .facts, .fit.fits),
  .model:focus-visible :is(.owner, .facts, .fit.fits) {
    color: var(--chip-ink);
  }
  .facts {
    grid-column: 1 / -1;
    font-size: 12px;
  }
  .badge {
    margin-left: 5px;
    padding: 1px 6px;
    border-radius: 99px;
    background: var(--chip);
    color: var(--chip-ink);
    font-size: 11px;
    box-shadow: inset 0 0 0 1px var(--line);
  }
  .fit {
    font-size: 12px;
    color: var(--dim);
  }
  .fit.too-big,
  .fit.too-big-gpu {
    color: var(--bad);
  }
  .fit.tight {
    color: var(--ink);
  }
  .fields {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: end;
  }
  .fields label {
    flex: 1 1 90px;
    display: grid;
    gap: 3px;
    font-size: 12px;
    color: var(--dim);
  }
  .fields label input {
    color: var(--ink);
  }
  .fields label.wide {
    flex: 4 1 240px;
  }
  .bad {
    color: var(--bad);
  }
  p.bad:empty {
    display: none;
  }
  .kept li {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 12px;
    align-items: center;
    padding: 5px 0;
    border-bottom: 1px solid var(--line);
  }
  .kept .name {
    flex: 1 1 180px;
  }
  .total {
    font-variant-numeric: tabular-nums;
  }
`;
