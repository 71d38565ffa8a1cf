/** Styles of the page: header, and what stands where. */
import { css } from 'lit';

export const appStyles = css`
  header {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 12px;
    /* In line with what is under it, on the widest screens too. */
    padding: 10px max(20px, (100% - 2000px) / 2 + 20px);
    border-bottom: 1px solid var(--line);
  }
  h1 {
    display: flex;
    align-items: center;
    gap: 9px;
    margin: 0 4px 0 0;
    font-size: 16px;
    font-weight: 660;
    letter-spacing: -0.012em;
  }
  h1 svg {
    width: 23px;
    height: 15px;
    fill: var(--accent);
  }
  .chips {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
    flex: 1;
  }
  .tools {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: 6px;
  }
  .theme {
    width: 13px;
    height: 13px;
    margin-right: 3px;
    vertical-align: -2px;
    fill: none;
    stroke: currentcolor;
    stroke-width: 1.6;
  }
  .theme path {
    fill: currentcolor;
    stroke: none;
  }
  .pill.bad {
    background: var(--bad);
    color: var(--bg);
    font-weight: 600;
  }
  .tick {
    color: var(--good);
  }
  main,
  .lens {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 18px 22px;
  }
  .lens {
    grid-template-columns: minmax(0, 1fr) 336px;
  }
  main {
    max-width: 2000px;
    margin: 0 auto;
    padding: 16px 20px 40px;
  }
  rs-inspector {
    grid-row: 1 / span 2;
    grid-column: 2;
    align-self: start;
    position: sticky;
    top: 12px;
  }
  .invitation {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px 10px;
    margin: -8px 0;
    font-size: 13px;
    color: var(--dim);
  }
  @media print {
    header {
      display: var(--on-screen, flex);
    }
    rs-prompt {
      display: var(--on-screen, block);
    }
    .tools,
    .tabs,
    .invitation {
      display: none;
    }
    main,
    .lens {
      display: block;
      padding: 0;
    }
    rs-inspector {
      margin-top: 12px;
    }
  }
  .drop {
    position: fixed;
    inset: 10px;
    z-index: 5;
    display: grid;
    place-items: center;
    border: 2px dashed var(--accent);
    border-radius: 16px;
    background: color-mix(in srgb, var(--bg) 86%, transparent);
    font-size: 18px;
    font-weight: 600;
    pointer-events: none;
  }
  @media (max-width: 900px) {
    header {
      padding: 8px 12px;
    }
    .chips {
      order: 1;
      flex: 1 0 100%;
    }
    .tools {
      margin-left: auto;
    }
    main,
    .lens {
      grid-template-columns: minmax(0, 1fr);
      gap: 14px;
    }
    main {
      padding: 12px 12px 32px;
    }
    rs-inspector {
      grid-row: auto;
      grid-column: auto;
      position: static;
    }
  }
`;
