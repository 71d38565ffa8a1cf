/**
 * The whole lens of a real model, SmolLM2-135M from its GGUF: 24 tokens × 30 layers and the embedding's row, on wasm
 * in Node, beside PyTorch with as many threads on a model of the same shape.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { isObject } from '../shared/formats/json.ts';
import { pathOf } from '../test/support/addresses.ts';
import { bundleForNode } from '../test/support/bundle.ts';
import type { EngineTimes } from './engine.child.ts';
import { timesOf } from './engine.ts';
import { type Measurement, measurement, median, type Report } from './report.ts';

const FOLDER = 'shared/models/smollm2-135m-instruct';
const GGUF = `${FOLDER}/SmolLM2-135M-Instruct.Q4_1.gguf`;

/** The engine's own number of threads in Node. */
const THREADS = Math.min(4, availableParallelism());

/** Milliseconds a run. */
interface TorchTimes {
  readonly versions: string;
  readonly plain: readonly number[];
  readonly loop: readonly number[];
  readonly batched: readonly number[];
}

async function torchTimes(tokens: number, runs: number): Promise<TorchTimes> {
  const args = [
    pathOf('bench/torch_lens.py'),
    pathOf(`${FOLDER}/config.json`),
    ...[tokens, runs, THREADS].map(String),
  ];
  const { stdout } = await promisify(execFile)('python3', args);
  const said: unknown = JSON.parse(stdout);
  if (!isObject(said)) throw new Error(`torch_lens.py: expected an object, got ${stdout}`);
  const samples = (name: string): number[] => (said[name] as unknown[]).map(Number);
  return {
    versions: `torch ${String(said['torch'])}, transformers ${String(said['transformers'])}`,
    plain: samples('plain'),
    loop: samples('loop'),
    batched: samples('batched'),
  };
}

/** @throws {Error} when the model is not here, or Python has no torch. */
export async function benchLens(runs: number): Promise<Report> {
  if (!existsSync(pathOf(GGUF))) throw new Error(`${GGUF}: not here: the model lies beside the checkout`);
  const script = await bundleForNode('bench/engine.child.ts');
  let ours: EngineTimes;
  try {
    ours = await timesOf(script, pathOf(GGUF), 'wasm', runs);
  } finally {
    await rm(script, { force: true });
  }
  const torch = await torchTimes(ours.tokens, runs);
  const table = ours.warm.map((t) => t.table);
  const to = (what: string, samples: readonly number[], peer: readonly number[], name: string): Measurement =>
    measurement(what, samples, { peer: median(peer), note: `to PyTorch, ${name}` });
  return {
    name: 'lens-wasm',
    title: 'The whole lens of SmolLM2-135M: medians',
    conditions: {
      device: ours.device,
      tokens: ours.tokens,
      peer: `${torch.versions}, ${THREADS} threads, random weights of the same shape`,
    },
    measurements: [
      measurement('PyTorch: plain forward, logits only', torch.plain),
      measurement('PyTorch: lens, a loop over layers, top ten', torch.loop),
      measurement('PyTorch: lens, all layers at once, top ten, entropy, KL', torch.batched),
      to('plain forward, logits only', ours.plain, torch.plain, 'plain forward'),
      to(
        'first row, warm',
        ours.warm.map((t) => t.firstRow),
        torch.loop,
        'the loop over layers',
      ),
      to('whole table, warm', table, torch.loop, 'the loop over layers'),
      to('whole table, warm', table, torch.batched, 'all layers at once'),
      measurement('load: header, tokenizer, runtime', [ours.load]),
      measurement('whole table, cold', [ours.cold.table], { note: 'weights read and dequantized' }),
    ],
  };
}
