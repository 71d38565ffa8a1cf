/**
 * The lens as one HTML file that works offline: a real table with caption and headers, light and dark by media query,
 * no request and a policy that forbids any. With the widget's script the table is what stands inside the widget: it
 * shows where scripts don't run.
 */
import type { TraceData } from '../trace/data.ts';
import { TRACE_MEDIA_TYPE } from '../trace/format.ts';
import { escapeMarkup } from './escape.ts';
import { inlineJson } from './inline-script.ts';
import type { LensCell, LensColumn, LensRow } from './lens-table.ts';
import { lensTable, probabilityText, runSummary, settlingSentence } from './lens-table.ts';
import type { Palette } from './palette.ts';
import { bothSchemes, RAMP_CLASSES, rampClass } from './palette.ts';
import { readableText } from './visible.ts';

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** The widget as code that may stand in a `<script>`, and its hash as policies write it, `sha256-…`. */
export interface InlineWidget {
  readonly code: string;
  readonly hash: string;
}

/** A whole document. @param widget undefined: the table alone, without a script. */
export function lensHtml(trace: TraceData, widget?: InlineWidget): string {
  const policy = widget ? `${POLICY}; script-src '${widget.hash}'` : POLICY;
  const data = `<script type="${TRACE_MEDIA_TYPE}">${inlineJson(trace.source)}</script>`;
  const [start, end] = widget
    ? [`<residscope-lens>\n${data}\n`, `\n</residscope-lens>\n<script type="module">${widget.code}</script>`]
    : ['', ''];
  const table = lensTable(trace);
  const title = escapeMarkup(`Logit lens of ${trace.model.id}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="${escapeMarkup(`${trace.engine.name} ${trace.engine.version}`)}">
<title>${title}</title>
<style>${LAYOUT_RULES}${bothSchemes(colorRules, cellRules)}</style>
</head>
<body>
<main>
<h1>What each layer would say next</h1>
${start}<p class="prompt"><bdi>${escapeMarkup(readableText(trace.pieces.join('')))}</bdi></p>
<p class="dim">${escapeMarkup(runSummary(trace))}</p>
<div class="scroll" role="region" aria-label="Logit lens" tabindex="0">
<table>
<caption>Rows are layers, the last one on top; columns are tokens. A cell holds the token that its layer finds likeliest to come next, and its probability.</caption>
<thead><tr><th scope="col">layer</th>${table.columns.map(header).join('')}</tr></thead>
<tbody>
${table.rows.map(bodyRow).join('\n')}
</tbody>
</table>
</div>
<p class="legend"><span>0</span><span class="ramp" aria-hidden="true">${RAMP_CLASSES.map((name) => `<i class="${name}"></i>`).join('')}</span><span>1 probability of the top token</span><span class="key">settled from this layer on</span></p>
<p>${escapeMarkup(settlingSentence(trace))}</p>${end}
</main>
</body>
</html>
`;
}

function header({ label }: LensColumn): string {
  return `<th scope="col">${labelled(label)}</th>`;
}

function bodyRow({ label, cells }: LensRow): string {
  return `<tr><th scope="row">${escapeMarkup(label)}</th>${cells.map(bodyCell).join('')}</tr>`;
}

function bodyCell({ label, p, settles }: LensCell): string {
  const mark = settles ? '<span class="hidden">, settled from here on</span>' : '';
  const name = settles ? `${rampClass(p)} settles` : rampClass(p);
  return `<td class="${name}">${labelled(label)}<small>${escapeMarkup(probabilityText(p))}</small>${mark}</td>`;
}

/** A token, isolated from the direction of the text around it; long ones are cut and show whole on hover. */
function labelled(label: string): string {
  const full = label.length > 12 ? ` title="${escapeMarkup(label)}"` : '';
  return `<bdi${full}>${escapeMarkup(label)}</bdi>`;
}

const LAYOUT_RULES =
  'body{margin:0;font:15px/1.5 system-ui,sans-serif}main{max-width:1400px;margin:auto;padding:20px}' +
  'h1{font-size:17px;margin:0}.prompt{font:18px/1.5 Charter,"Iowan Old Style",Georgia,serif;margin:8px 0}' +
  '.prompt{white-space:pre-wrap;overflow-wrap:anywhere}.scroll{overflow-x:auto;border:1px solid;border-radius:10px;padding:8px}' +
  'table{border-collapse:separate;border-spacing:2px}caption{text-align:left;font-size:13px;padding:0 0 6px}' +
  'th,td{font:12px/1.25 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;padding:3px 6px;text-align:center;white-space:pre}' +
  'tbody th{text-align:right;position:sticky;left:0}' +
  'td{border-radius:4px;border-bottom:3px solid transparent;background-clip:padding-box}' +
  'bdi{display:block;overflow:hidden;text-overflow:ellipsis}th bdi,td bdi{max-width:16ch}small{display:block;font-size:10.5px}' +
  '.legend{display:flex;flex-wrap:wrap;gap:8px;align-items:center;font-size:13px}.ramp{display:inline-flex}' +
  '.ramp i{width:5px;height:10px}.key{border-bottom:3px solid;margin-left:12px}' +
  '.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}';

function colorRules({ page, ink, dim, line, settle }: Palette): string {
  return (
    `body{background:${page};color:${ink}}.dim,caption,thead th,tbody th,.legend{color:${dim}}` +
    `tbody th{background:${page}}.scroll{border-color:${line}}td.settles,.key{border-bottom-color:${settle}}`
  );
}

function cellRules(name: string, color: string, ink: string): string {
  return `.${name}{background:${color};color:${ink}}`;
}
