/** Styles of the neurons view. */
import { css } from 'lit';

export const neuronsStyles = css`
  .parts.neurons {
    grid-template-columns: minmax(0, 1.5fr) minmax(0, 1fr);
  }
  .scroll {
    /* What only screen readers see must scroll along. */
    position: relative;
  }
  th .token {
    font-size: 11px;
  }
  td.bar svg {
    width: 64px;
    height: 12px;
    background: none;
  }
  button.open[aria-pressed='true'] {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--accent-ink);
  }
  dl {
    display: grid;
    grid-template-columns: minmax(84px, max-content) minmax(0, 1fr);
    gap: 8px 12px;
    margin: 0;
    font-size: 12.5px;
  }
  dt {
    max-width: 116px;
    padding-top: 2px;
    color: var(--dim);
  }
  dd {
    margin: 0;
  }
  .chips {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 8px;
  }
  .pair {
    display: inline-flex;
    gap: 4px;
    align-items: baseline;
  }
  .pair small {
    font-variant-numeric: tabular-nums;
  }
  form.line {
    flex-wrap: wrap;
    align-items: center;
    margin-bottom: 10px;
  }
  form.line label {
    margin: 0;
  }
  .line input {
    min-width: 130px;
    max-width: 190px;
    font-size: 13px;
  }
  .ways {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
    margin-top: 12px;
  }
  td.place {
    min-width: 260px;
    white-space: normal;
  }
  .text {
    white-space: pre-wrap;
    line-height: 1.55;
    color: var(--ink);
  }
  td.place,
  td.place ~ td,
  td.number:has(+ td.place) {
    vertical-align: top;
  }
  mark {
    border-radius: 4px;
    padding: 0 3px;
    background: var(--accent);
    color: var(--accent-ink);
    font-weight: 600;
  }
  .after {
    color: var(--dim);
  }
  .hit {
    color: var(--ink);
    font-weight: 600;
    text-decoration: underline;
    text-underline-offset: 3px;
  }
  .yes {
    color: var(--accent);
    font-weight: 700;
  }
  @media (max-width: 1080px) {
    .parts.neurons {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
