/** Styles of the ablation view, and of the bars of an attribution. */
import { css } from 'lit';

export const ablationStyles = css`
  .off {
    display: flex;
    flex-wrap: wrap;
    gap: 6px 8px;
    align-items: center;
    margin-bottom: 14px;
  }
  .chip {
    min-height: 30px;
  }
  .chip span {
    opacity: 0.7;
  }
  .chip:hover span {
    opacity: 1;
    color: var(--bad);
  }
  .parts {
    grid-template-columns: minmax(0, 0.8fr) minmax(0, 1.4fr);
  }
  form.line {
    flex-wrap: wrap;
    align-items: center;
    margin-top: 10px;
  }
  form.line label {
    margin: 0;
  }
  .line input {
    min-width: 130px;
    max-width: 220px;
    font-size: 13px;
  }
  input[type='number'] {
    width: 84px;
    min-height: 32px;
    padding: 3px 8px;
    border: 1px solid var(--line-strong);
    border-radius: 8px;
    background: var(--card);
  }
  i.corner {
    width: 0;
    height: 0;
    border: solid transparent;
    border-width: 0 9px 9px 0;
    border-right-color: currentcolor;
  }
  .scroll.tall {
    max-height: 620px;
  }
  table.sum {
    width: 100%;
  }
  table.sum th,
  table.sum td {
    padding: 2px 8px 2px 0;
    border-bottom: 0;
  }
  table.sum tr.total th,
  table.sum tr.total td {
    padding-top: 6px;
    border-top: 1px solid var(--line-strong);
    font-weight: 600;
    color: var(--ink);
  }
  table.sum .bar {
    width: 60%;
  }
  table.sum .bar svg {
    width: 100%;
    height: 12px;
    background: none;
  }
  table.sum .number {
    text-align: right;
  }
  rect.up {
    fill: var(--series-0);
  }
  rect.down {
    fill: var(--series-1);
  }
  .bar line {
    stroke: var(--line-strong);
  }
  @media (max-width: 1080px) {
    .parts {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
