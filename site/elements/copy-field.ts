/** A field whose text is there to be taken: a label, the text, and a button that copies it. */
import { html, type TemplateResult } from 'lit';

/** @param say Told in words how it went. */
export function copyField(name: string, value: string, say: (words: string) => void): TemplateResult {
  const id = name.replaceAll(/\W+/g, '-').toLowerCase();
  const copy = (): void =>
    void navigator.clipboard.writeText(value).then(
      () => say(`Copied: ${name}`),
      () => say('The browser did not let the page copy: mark the text and copy it by hand.'),
    );
  return html`<h3><label for=${id}>${name}</label></h3>
    <div class="line">
      <input id=${id} class="wide" readonly .value=${value} />
      <button class="button" aria-label=${`Copy: ${name}`} @click=${copy}>Copy</button>
    </div>`;
}
