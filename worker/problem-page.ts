/** A problem for people: a small page of its own, light and dark, with nothing to load. */
import { escapeMarkup } from '../shared/picture/escape.ts';
import { PALETTES, type Palette } from '../shared/picture/palette.ts';
import { problemTitle, type HttpProblem } from './problem.ts';

const colors = ({ page, ink, dim }: Palette) => `body{background:${page};color:${ink}}a,.dim{color:${dim}}`;
const STYLE =
  'body{margin:0;font:17px/1.6 system-ui,sans-serif}main{max-width:34em;margin:auto;padding:18vh 20px}' +
  'h1{font:400 30px/1.3 Charter,"Iowan Old Style",Georgia,serif;margin:0 0 8px}' +
  `${colors(PALETTES.light)}@media(prefers-color-scheme:dark){${colors(PALETTES.dark)}}`;

/** @param ancestors of pages that may frame it. */
export async function problemPage(
  problem: HttpProblem,
  ancestors: "'none'" | '*' = "'none'",
): Promise<Response> {
  const title = escapeMarkup(problemTitle(problem));
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<p class="dim">${problem.status}</p>
<h1>${title}</h1>
<p>${escapeMarkup(problem.message)}.</p>
<p><a href="/">Watch a model yourself</a></p>
</main>
</body>
</html>
`;
  return new Response(html, {
    status: problem.status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${await styleHash()}'; base-uri 'none'; form-action 'none'; frame-ancestors ${ancestors}`,
      ...problem.headers,
    },
  });
}

async function styleHash(): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(STYLE));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}
