/** What a reader pastes elsewhere to show a trace there: markup for posts, around the widget, its frame or a picture. */
import { escapeMarkup } from '../../shared/picture/escape.ts';
import { TRACE_MEDIA_TYPE } from '../../shared/trace/format.ts';

/** A pasteable piece, by the name that its field has. */
export interface Code {
  readonly name: string;
  readonly code: string;
}

/**
 * Of a stored trace. All of it works on the server that stored it, whose address the link has.
 * @param words What the picture shows, for who can't see it.
 */
export function codeOfStored(id: string, url: string, words: string): readonly Code[] {
  const at = (path: string): string => new URL(path, url).href;
  const said = escapeMarkup(words);
  const link = `<a href="${escapeMarkup(url)}">${said}</a>`;
  const picture = `<img src="${at(`/v1/traces/${id}/card.svg`)}" alt="${said}">`;
  return [
    {
      name: 'Embed code: script tag',
      code: `<script type="module" src="${at('/embed.js')}"></script> <residscope-lens trace="${id}">${link}</residscope-lens>`,
    },
    {
      name: 'Embed code: iframe',
      code: `<iframe src="${at(`/e/${id}`)}" title="${said}" style="border: 0; width: 100%; height: 460px" loading="lazy"></iframe>`,
    },
    { name: 'Picture with a link', code: `<a href="${escapeMarkup(url)}">${picture}</a>` },
    { name: 'oEmbed', code: `${at('/oembed')}?url=${encodeURIComponent(url)}` },
  ];
}

/**
 * With the trace in it: nothing is stored anywhere.
 * @param json The trace.
 * @param site The folder that holds embed.js.
 */
export function codeWithTrace(json: string, site: URL, words: string): Code {
  // No `<` in it: nothing in the trace can end the script tag.
  const inert = json.replaceAll('<', '\\u003c');
  return {
    name: 'Embed code: script tag with the table in it',
    code: `<script type="module" src="${new URL('embed.js', site).href}"></script> <residscope-lens><script type="${TRACE_MEDIA_TYPE}">${inert}</script><p>${escapeMarkup(words)}</p></residscope-lens>`,
  };
}
