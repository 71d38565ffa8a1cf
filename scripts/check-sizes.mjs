/**
 * Measures what a first visit downloads of the page itself, and what the static host must hold. Exits 1 above a
 * budget.
 *
 * Counted as the shell, each file gzipped by itself at level 9: index.html, its style sheet, and every script that a
 * first visit on wasm runs: the page's entry, the engine's thread, what these ask for while they answer the first
 * prompt (see ASKED_FOR), and all that those import. test/browser/models.test.ts holds this against a first visit.
 * Not counted: ONNX Runtime, which is the wasm's own (its JavaScript, the glue that each binary was compiled with,
 * the binaries: all listed); the embedded model; what the service worker keeps for later.
 *
 * `--list` prints what a first visit on wasm fetches of this, and nothing else.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { init, parse } from 'es-module-lexer';

const SHELL_BUDGET = 100_000;
const ASSET_BUDGET = 25 * 1024 * 1024;
/** `embed.js`, all that a widget with a trace loads. */
const WIDGET_BUDGET = 35_000;
/**
 * Chunks that are imported on demand, and that a first visit demands: the engine's thread, the embedded model's
 * family, growing the text by a token, the service worker's registration.
 */
const ASKED_FOR = /^(worker|gpt2|ort\.wasm\.min|generate|register)-/;

/** ONNX Runtime's JavaScript for wasm: a first visit fetches it with the binary that it drives. */
const RUNTIME = /^ort\.wasm\./;

const site = join(dirname(fileURLToPath(import.meta.url)), '../dist/site');

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function gzipped(file) {
  return gzipSync(readFileSync(file), { level: 9 }).length;
}

function table(title, rows) {
  console.log(`\n${title}`);
  for (const [name, size, note = ''] of rows) {
    console.log(`${size.toLocaleString('en').padStart(12)}  ${name}${note && `  (${note})`}`);
  }
}

let files;
try {
  files = filesUnder(site);
} catch {
  console.error('dist/site is not there: run `npm run build:site` first.');
  process.exit(1);
}

await init;
const name = (file) => relative(site, file);
const code = files.filter((file) => /^(index\.html|assets\/.*\.(js|css))$/.test(name(file)));

/** The scripts that come with `file`: those that it imports, and those that these import. */
function comesWith(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  const [imports] = parse(readFileSync(file, 'utf8'));
  for (const { n, d } of imports) if (d === -1) comesWith(join(dirname(file), n), found);
  return found;
}

const page = readFileSync(join(site, 'index.html'), 'utf8');
const named = [...page.matchAll(/assets\/[^"]+\.(?:js|css)/g)].map(([path]) => join(site, path));
const first = new Set([join(site, 'index.html'), ...named]);
for (const file of [...named, ...code.filter((path) => ASKED_FOR.test(basename(path)))])
  if (file.endsWith('.js')) for (const part of comesWith(file)) first.add(part);
const visit = code.filter((file) => first.has(file));
const later = code.filter((file) => !first.has(file));
const shell = visit
  .filter((file) => !RUNTIME.test(basename(file)))
  .map((file) => [name(file), gzipped(file)]);
const runtime = [
  ...visit.filter((file) => RUNTIME.test(basename(file))),
  ...files.filter((file) => /^ort\/.*\.(mjs|wasm\.gz)$/.test(name(file))),
];
const sumOf = (rows) => rows.reduce((sum, [, size]) => sum + size, 0);
const total = sumOf(shell);
/** What the engine's own thread loads; the rest is the page's. */
const engine = shell.filter(([file]) => /^assets\/worker-/.test(file));
const largest = files
  .map((file) => [name(file), statSync(file).size])
  .sort((a, b) => b[1] - a[1])
  .slice(0, 5);

// Everything that a first visit on wasm fetches, for the test that holds one against it.
if (process.argv.includes('--list')) {
  for (const file of visit) console.log(name(file));
  process.exit(0);
}

table('Shell, bytes gzipped', [
  ...shell.sort((a, b) => b[1] - a[1]),
  ['the page’s thread', total - sumOf(engine)],
  ['the engine’s thread', sumOf(engine)],
  ['together', total, `budget ${SHELL_BUDGET.toLocaleString('en')}`],
]);
const widget = gzipped(join(site, 'embed.js'));
table('Widget, bytes gzipped', [['embed.js', widget, `budget ${WIDGET_BUDGET.toLocaleString('en')}`]]);
table(
  'Code that comes later or instead, bytes gzipped',
  later.map((file) => [name(file), gzipped(file)]),
);
table(
  'ONNX Runtime, bytes gzipped: a browser fetches one of each kind',
  runtime.map((file) => [name(file), file.endsWith('.gz') ? statSync(file).size : gzipped(file)]),
);
table(
  'Largest files, bytes as stored',
  largest.map(([n, size]) => [n, size, `budget ${ASSET_BUDGET.toLocaleString('en')}`]),
);

const failures = [];
if (total > SHELL_BUDGET)
  failures.push(`the shell has ${total} bytes gzipped, ${total - SHELL_BUDGET} too many`);
if (widget > WIDGET_BUDGET)
  failures.push(`embed.js has ${widget} bytes gzipped, ${widget - WIDGET_BUDGET} too many`);
for (const file of files) {
  const { size } = statSync(file);
  if (size > ASSET_BUDGET)
    failures.push(`${name(file)} has ${size} bytes: a static asset may have ${ASSET_BUDGET}`);
}
for (const failure of failures) console.error(`\ncheck-sizes: ${failure}`);
process.exitCode = failures.length > 0 ? 1 : 0;
