/** Styles of the guided tour. */
import { css } from 'lit';

export const tourStyles = css`
  dialog {
    position: fixed;
    inset: 0;
    width: 100%;
    height: 100%;
    max-width: none;
    max-height: none;
    margin: 0;
    padding: 0;
    border: 0;
    overflow: hidden;
    background: none;
    color: var(--ink);
  }
  dialog::backdrop {
    background: none;
  }
  .spot {
    position: absolute;
    border-radius: 10px;
    outline: 3px solid var(--accent);
    box-shadow: 0 0 0 200vmax rgb(10 14 18 / 42%);
    pointer-events: none;
  }
  .stop {
    position: absolute;
    width: min(340px, calc(100vw - 20px));
    padding: 14px 16px 12px;
    border: 1px solid var(--line-strong);
    border-radius: 12px;
    background: var(--card);
    box-shadow: var(--shadow);
  }
  .stop h2 {
    margin-bottom: 4px;
    font-size: 15px;
  }
  .stop p {
    font-size: 14px;
  }
  .words {
    /* In a window as low as a letterbox, the buttons stay in sight. */
    max-height: calc(100vh - 110px);
    overflow: auto;
  }
  .arrow {
    position: absolute;
    width: 14px;
    height: 14px;
    border: 1px solid var(--line-strong);
    border-width: 1px 0 0 1px;
    background: var(--card);
  }
  .arrow.top {
    top: -8px;
    transform: translateX(-7px) rotate(45deg);
  }
  .arrow.bottom {
    bottom: -8px;
    transform: translateX(-7px) rotate(225deg);
  }
  .arrow.left {
    left: -8px;
    transform: translateY(-7px) rotate(-45deg);
  }
  .arrow.right {
    right: -8px;
    transform: translateY(-7px) rotate(135deg);
  }
  .steps {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
    margin-top: 12px;
  }
  .steps .small {
    flex: 1;
    white-space: nowrap;
  }
  @media (prefers-reduced-motion: no-preference) {
    .spot,
    .stop {
      transition:
        left 0.22s ease,
        top 0.22s ease,
        width 0.22s ease,
        height 0.22s ease;
    }
  }
`;
