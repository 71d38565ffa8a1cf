/**
 * Times, reported and never asserted: the engine in Node against a plain forward of the same model, and the page in a
 * real browser. `npm run bench -- --help` says what can be chosen.
 */
import { parseArgs } from 'node:util';
import { benchApi, benchStart, benchTokenizer, PLATFORMS } from './api.ts';
import { benchEmbed } from './embed.ts';
import { benchEngine } from './engine.ts';
import { benchHeads } from './heads.ts';
import { benchLens } from './lens.ts';
import { benchLoad, benchLoadSmollm2, LOAD_SHAPE } from './load.ts';
import { benchPage } from './page.ts';
import { printTable, type Report, writeReport } from './report.ts';

const HELP = `npm run bench -- [engine] [page] [lens] [heads] [load] [api] [embed] [options]   default: engine and page, on wasm

  engine              the library in Node: first row and whole table, as ratios to a plain forward
  page                the built page in a browser: click to finished table, longest task of the page's thread
  lens                the whole lens, as ratios to PyTorch's, on webgpu also to wasm's; needs Python with transformers
  heads               all scores of all heads, as ratios to TransformerLens's; needs Python with transformer_lens
  load                a model of 1.2 GB from a local server into a browser: memory, first row; needs 6 GB of memory
  api                 the edge API on workerd and Deno beside a bare Hono, first answers, Rust's tokenizers
  embed               the widget in a browser: script to painted table, as ratios to a plain one; its size
  --device NAME       wasm (default) or webgpu: for engine and lens a GPU that Dawn finds, for page the browser's own
  --models A,B        engine: of fable-4m and gpt2-small (random weights of its shape); default both
                      lens: those and smollm2; default smollm2 on wasm, all on webgpu
                      heads: the same; default smollm2
  --tokens A,B        lens: lengths of the prompt; default 24 on wasm, 24,256 on webgpu
  --stored TYPE       load: F32 (default), F16 with twice the blocks, 1.2 GB too, or GGUF: SmolLM2-135M's instead
  --sizes             load: sizes without times, on a machine that does other work
  --seconds N         api: of each load; default 5
  --peer FILE         embed: logitlenskit's logit-lens-widget.js, timed beside it
  --runs N            runs that a median is over; default 5
  --out DIR           where the JSON goes; default bench/results`;

/** @param args the command line, without Node and the script. */
export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      device: { type: 'string', default: 'wasm' },
      models: { type: 'string' },
      tokens: { type: 'string' },
      runs: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '5' },
      stored: { type: 'string', default: 'F32' },
      sizes: { type: 'boolean', default: false },
      peer: { type: 'string' },
      out: { type: 'string', default: 'bench/results' },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.filter(
    (name) => !['engine', 'page', 'lens', 'heads', 'load', 'api', 'embed'].includes(name),
  );
  const { device } = values;
  if (values.help || unknown.length > 0 || (device !== 'wasm' && device !== 'webgpu')) {
    console.log(HELP);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const runs = Math.max(1, Number.parseInt(values.runs, 10) || 5);
  const wanted = positionals.length > 0 ? positionals : ['engine', 'page'];
  const reports: Report[] = [];
  if (wanted.includes('engine')) {
    reports.push(await benchEngine(device, (values.models ?? 'fable-4m,gpt2-small').split(','), runs));
  }
  if (wanted.includes('page')) reports.push(await benchPage(device, runs));
  if (wanted.includes('lens')) {
    const defaults =
      device === 'wasm'
        ? { models: 'smollm2', tokens: '24' }
        : { models: 'fable-4m,smollm2,gpt2-small', tokens: '24,256' };
    const models = (values.models ?? defaults.models).split(',');
    const tokens = (values.tokens ?? defaults.tokens).split(',').map(Number);
    reports.push(await benchLens({ device, models, tokens, runs }));
  }
  if (wanted.includes('heads')) {
    reports.push(await benchHeads(device, (values.models ?? 'smollm2').split(','), runs));
  }
  if (wanted.includes('load')) {
    const halves = { ...LOAD_SHAPE, layers: 2 * LOAD_SHAPE.layers, dtype: 'F16' } as const;
    reports.push(
      values.stored === 'GGUF'
        ? await benchLoadSmollm2(values.sizes)
        : await benchLoad(values.stored === 'F16' ? halves : LOAD_SHAPE, values.sizes),
    );
  }
  if (wanted.includes('embed')) reports.push(await benchEmbed(runs, values.peer));
  if (wanted.includes('api')) {
    const seconds = Math.max(1, Number.parseInt(values.seconds, 10) || 5);
    reports.push(await benchTokenizer(runs));
    for (const platform of PLATFORMS) {
      reports.push(await benchApi(platform, runs, seconds), await benchStart(platform));
    }
  }
  for (const report of reports) {
    printTable(report);
    console.log(`→ ${await writeReport(values.out, report)}\n`);
  }
}
