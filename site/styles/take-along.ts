/** Styles of the dialogs in which a run is exported and shared. */
import { css } from 'lit';

export const takeAlongStyles = css`
  section > p + .line {
    margin-top: 12px;
  }
  section {
    padding: 4px 0 12px;
    border-bottom: 1px solid var(--line);
  }
  section:last-of-type {
    border-bottom: 0;
  }
  h3 {
    margin: 12px 0 6px;
  }
  .line,
  .cite {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: flex-start;
    margin-bottom: 6px;
  }
  .wide {
    flex: 1 1 220px;
    min-width: 0;
    min-height: 34px;
    padding: 4px 9px;
    border: 1px solid var(--line-strong);
    border-radius: 8px;
    background: var(--bg);
    font: 12.5px/1.4 var(--mono);
  }
  ul {
    margin: 0;
    padding: 0;
    list-style: none;
    font-size: 13.5px;
  }
  li {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 4px 12px;
    padding: 5px 0;
  }
  li + li {
    border-top: 1px solid var(--line);
  }
  li > span:first-child {
    flex: 1 1 200px;
    overflow-wrap: anywhere;
  }
  .ways {
    display: flex;
    gap: 5px;
  }
  .ways .button {
    padding: 3px 9px;
    font-size: 12.5px;
  }
  pre {
    flex: 1 1 260px;
    min-width: 0;
    max-height: 150px;
    overflow: auto;
    margin: 0;
    padding: 8px 10px;
    border-radius: 8px;
    background: var(--chip);
    color: var(--chip-ink);
    font: 12px/1.5 var(--mono);
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  progress {
    flex: 1;
    min-height: 32px;
    accent-color: var(--accent);
  }
  .said {
    position: sticky;
    bottom: 0;
    min-height: 1.4em;
    padding: 6px 0;
    background: var(--card);
  }
  img {
    display: block;
    width: 100%;
    height: auto;
    margin: 8px 0;
    border: 1px solid var(--line);
    border-radius: 10px;
  }
  .facts {
    display: block;
    margin: 0 0 10px;
    padding-left: 18px;
    list-style: disc;
  }
  .facts li {
    display: list-item;
    padding: 2px 0;
    border: 0;
  }
`;
