/** Styles of lists of facts: terms and what is so. */
import { css } from 'lit';

export const factsStyles = css`
  h3 {
    margin: 16px 0 6px;
  }
  dl {
    display: grid;
    grid-template-columns: minmax(9em, auto) 1fr;
    gap: 5px 14px;
    margin: 0;
    font-size: 13px;
  }
  dt {
    color: var(--dim);
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
  dd.fail b {
    color: var(--bad);
  }
  dd.pass b {
    color: var(--good);
  }
  .hash {
    font-size: 11.5px;
  }
  .stage {
    display: grid;
    grid-template-columns: 5.5em 1fr;
    align-items: center;
    gap: 8px;
  }
  .stage svg {
    width: 100%;
    height: 8px;
  }
  .all {
    fill: var(--chip);
  }
  .part {
    fill: var(--bar);
  }
  progress {
    width: 120px;
    vertical-align: middle;
  }
  p.small {
    margin-top: 6px;
  }
`;
