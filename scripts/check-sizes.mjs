/**
 * Measures what a first visit downloads of the page itself, and what the static host must hold. Exits 1 above a
 * budget.
 *
 * Counted as the shell, each file gzipped by itself at level 9: index.html, and every .js and .css under assets/,
 * which holds the page, the charts and the engine worker. A file that this script doesn't know counts. Not counted:
 * code that a first visit on wasm does not fetch (see LATER); ONNX Runtime, which is the wasm's own (its JavaScript,
 * the glue that each binary was compiled with, the binaries: all listed); the embedded model.
 *
 * `--list` prints what a first visit on wasm fetches of this, and nothing else.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const SHELL_BUDGET = 100_000;
const ASSET_BUDGET = 25 * 1024 * 1024;
/** `embed.js`, all that a widget with a trace loads. */
const WIDGET_BUDGET = 35_000;
/** Fetched later or not at all, as test/browser/models.test.ts checks by a first visit. */
const LATER = [
  // Views but the lens, with their tabs.
  /^(growth|steps|past)-/, // with the first token that is added
  /^(view-panel|directions|directions-desk|attention|attention-desk)-/,
  // Fitted and tuned lenses, averages over prompts, and their view.
  /^(fitted|fit-lens|lenses|lens-file|translate-states|average-readings|averages)-/,
  // What heads do, with its view; matrices, with the first view that needs one; runs on kept keys; f16's check.
  /^(heads|heads-desk|head-weights|reading|studies|matrix|past|precision)-/,
  // Ablation and neurons in the engine's thread, and what those views share.
  /^(ablation|ablation-desk|neurons-desk|heat-map|study)-/,
  // Attribution, neurons, ablation: with what asks for them; two runs side by side.
  /^(attribution|neurons|neuron-\w+|deletion|mean-activations|prompt-(batches|position)|compare|compare-(card|desk)|residual-states|model-name)-/,
  // Files to take along, with the Export dialog.
  /^(chart-svg|csv)-/,
  // A run as a trace, with the first dialog or file that needs it.
  /^trace-of-run-/,
  // Traces, with the first that is opened.
  /^(trace-(reading|thread|bar)|open-trace)-/,
  // The dialogs, with the first click; chat templates, with their switch; the vocabulary, with the first search.
  /^(dialogs|chat-template|chat-worker|vocabulary)-/,
  // The charts with uPlot, when they come into sight; a cell's card, with the first cell that is pointed at.
  /^(lens-chart-cards|line-chart|chart-card|plot|key|uPlot\.esm|lens-card|cell-card)-/,
  // Other families and their parts than the embedded model's.
  /^(gemma3|gpt-neo|gpt-neox|llama|mistral|qwen|rope|layer-kinds)-/,
  // Models from elsewhere: the hub, a disk, shards, GGUF; what is kept of them.
  /^(hub-source|blob-source|sharded|open-gguf|packed|kept-files|kept-storage)-/,
  // The engine's frame, in other people's pages.
  /^live-/,
  // WebGPU in place of wasm.
  /^(ort\.(webgpu|jspi)\.|reduce-wgsl-|gpu-quantized-)/,
];

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

const name = (file) => relative(site, file);
const code = files.filter((file) => /^(index\.html|assets\/.*\.(js|css))$/.test(name(file)));
const later = code.filter((file) => LATER.some((pattern) => pattern.test(basename(file))));
const visit = code.filter((file) => !later.includes(file));
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
