/** The dialog in which a trace is opened: a file, or the address or id of one. */
import { html, type TemplateResult } from 'lit';
import type { Session } from '../controllers/session.ts';
import { isTraceId, namedTrace, traceOfPath } from '../controllers/trace-source.ts';
import { LOCAL } from '../controllers/view-state.ts';
import { openDialog } from './dialog.ts';

export function showOpenTrace(session: Session): void {
  openDialog('Open a trace', (close) => form(session, close));
}

function form(session: Session, close: () => void): TemplateResult {
  const choose = (event: Event): void => {
    const input = event.target;
    const file = input instanceof HTMLInputElement ? input.files?.[0] : undefined;
    if (!file) return;
    close();
    void session.openTrace({ name: `${LOCAL}${file.name}`, file });
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const field = event.currentTarget.querySelector('input[name="name"]');
    if (!(field instanceof HTMLInputElement)) return;
    const name = traceNamed(field.value.trim());
    field.setCustomValidity(name === undefined ? 'Give a link to a trace, or an id of 64 hex digits.' : '');
    if (!field.reportValidity() || name === undefined) return;
    close();
    void session.openTrace({ name });
  };
  return html`
    <p class="small">
      A trace is one finished table in a file: it opens without its model. Residscope’s own, and
      logitlenskit’s JSON (version 2), are read; a file can also be dropped anywhere on the page.
    </p>
    <form @submit=${submit}>
      <h3><label for="trace-file">From this device</label></h3>
      <input id="trace-file" type="file" accept=".json,application/json" @change=${choose} />
      <h3><label for="trace-name">Its link or id</label></h3>
      <input
        id="trace-name"
        name="name"
        class="wide"
        placeholder="https://… or 64 hex digits"
        autocomplete="off"
        spellcheck="false"
        @input=${(event: InputEvent) => {
          if (event.target instanceof HTMLInputElement) event.target.setCustomValidity('');
        }}
      />
      <div class="ways"><button class="button primary" type="submit">Open</button></div>
    </form>
  `;
}

/** An id, out of a link to this server's page of it too; or the address of a file. */
function traceNamed(text: string): string | undefined {
  if (isTraceId(text)) return text;
  if (!URL.canParse(text)) return undefined;
  const { origin, pathname, protocol } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') return undefined;
  const stored = traceOfPath(pathname);
  if (stored === undefined) return namedTrace(text);
  return origin === location.origin ? stored : `${origin}/v1/traces/${stored}`;
}
