/** A modal dialog of the page: one at a time, closed by Escape, its button or a click beside it. */
import { css, html, LitElement, type TemplateResult } from 'lit';
import { shared } from '../styles/shared.ts';

export class DialogElement extends LitElement {
  static override properties = { heading: { attribute: false }, body: { attribute: false } };
  static override styles = [
    shared,
    css`
      dialog {
        width: min(620px, calc(100vw - 24px));
        max-height: min(84vh, 900px);
        padding: 0;
        border: 1px solid var(--line);
        border-radius: 14px;
        background: var(--card);
        color: var(--ink);
        box-shadow: var(--shadow);
      }
      dialog::backdrop {
        background: rgb(10 14 18 / 45%);
      }
      .head {
        position: sticky;
        top: 0;
        display: flex;
        align-items: center;
        justify-content: space-between;
        padding: 12px 16px;
        border-bottom: 1px solid var(--line);
        background: var(--card);
      }
      .head h2 {
        font-size: 15px;
      }
      .body {
        padding: 6px 16px 18px;
      }
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
      article {
        padding: 12px 0;
        border-bottom: 1px solid var(--line);
        font-size: 13.5px;
        scroll-margin-top: 56px;
      }
      article:last-child {
        border: 0;
      }
      article h3 {
        margin: 0 0 4px;
        font-size: 13.5px;
      }
      article.here h3 {
        color: var(--accent);
      }
      .keys {
        grid-template-columns: minmax(11em, auto) 1fr;
      }
      .together {
        white-space: nowrap;
      }
      kbd {
        display: inline-block;
        min-width: 22px;
        margin: 0 1px;
        padding: 1px 5px;
        border: 1px solid var(--line-strong);
        border-bottom-width: 2px;
        border-radius: 5px;
        color: var(--ink);
        font: 12px/1.3 var(--mono);
        text-align: center;
      }
      .exact {
        margin: 6px 0;
        padding: 6px 9px;
        border-radius: 7px;
        background: var(--chip);
        color: var(--chip-ink);
        font: 12.5px/1.5 var(--mono);
        overflow-wrap: anywhere;
      }
      form {
        display: grid;
        gap: 10px;
        margin-top: 4px;
      }
      input.wide {
        width: 100%;
        min-height: 34px;
        padding: 4px 9px;
        border: 1px solid var(--line-strong);
        border-radius: 8px;
        background: var(--bg);
      }
      .ways {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
      }
      fieldset {
        display: flex;
        flex-wrap: wrap;
        gap: 6px 16px;
        margin: 0;
        padding: 0;
        border: 0;
        font-size: 13px;
      }
      legend {
        float: left;
        padding: 0;
        margin-right: 16px;
        color: var(--dim);
      }
    `,
  ];
  declare heading: string;
  declare body: (close: () => void) => TemplateResult;

  protected override render(): TemplateResult {
    return html`<dialog
      aria-labelledby="title"
      @close=${() => this.remove()}
      @click=${(event: MouseEvent) => {
        if (event.target === event.currentTarget) this.#close();
      }}
    >
      <div class="head">
        <h2 id="title">${this.heading}</h2>
        <button class="button" @click=${() => this.#close()}>Close</button>
      </div>
      <div class="body">${this.body(() => this.#close())}</div>
    </dialog>`;
  }

  protected override firstUpdated(): void {
    this.#dialog()?.showModal();
    const here = this.renderRoot.querySelector<HTMLElement>('.here');
    here?.scrollIntoView({ block: 'start' });
  }

  #dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector('dialog');
  }

  #close(): void {
    this.#dialog()?.close();
  }
}
customElements.define('rs-dialog', DialogElement);

/** Opens a dialog; what had the focus gets it back when it closes. */
export function openDialog(heading: string, body: (close: () => void) => TemplateResult): void {
  const dialog = new DialogElement();
  dialog.heading = heading;
  dialog.body = body;
  document.querySelector('rs-dialog')?.remove();
  document.body.append(dialog);
}
