/** A page that lists baked traces: each prompt with what the model says next, and a link to its table. Works offline. */
import type { TraceData } from '../trace/data.ts';
import { escapeMarkup } from './escape.ts';
import { settlingSentence } from './lens-table.ts';
import { PALETTES, type Palette } from './palette.ts';
import { readableText } from './visible.ts';

export interface GalleryEntry {
  /** The table's page, relative to this one. */
  readonly page: string;
  readonly trace: TraceData;
}

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** A whole document. */
export function bakeGallery(entries: readonly GalleryEntry[]): string {
  const models = [...new Set(entries.map(({ trace }) => trace.model.id))].join(', ');
  const title = escapeMarkup(`${entries.length} prompts in ${readableText(models)}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${LAYOUT}${colours(PALETTES.light)}@media(prefers-color-scheme:dark){${colours(PALETTES.dark)}}</style>
</head>
<body>
<main>
<h1>${title}, layer by layer</h1>
<ol>
${entries.map(item).join('\n')}
</ol>
</main>
</body>
</html>
`;
}

function item({ page, trace }: GalleryEntry): string {
  const prompt = readableText(trace.pieces.slice(trace.bos ? 1 : 0).join(''));
  return `<li><a href="${escapeMarkup(page)}"><bdi>${escapeMarkup(prompt)}</bdi></a><p>${escapeMarkup(settlingSentence(trace))}</p></li>`;
}

const LAYOUT =
  'body{margin:0;font:15px/1.5 system-ui,sans-serif}main{max-width:900px;margin:auto;padding:20px}h1{font-size:17px}' +
  'ol{padding-left:3em}li{margin:0 0 12px}p{margin:0;font-size:13px}' +
  'a{font:17px/1.4 Charter,"Iowan Old Style",Georgia,serif;overflow-wrap:anywhere}';

function colours({ page, ink, dim, settle }: Palette): string {
  return `body{background:${page};color:${ink}}p,li::marker{color:${dim}}a{color:inherit;text-decoration-color:${settle}}`;
}
