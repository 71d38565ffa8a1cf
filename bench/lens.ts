/**
 * The whole lens in Node beside PyTorch on the same machine: every layer and the embedding's row over the whole
 * vocabulary. On wasm SmolLM2-135M beside PyTorch with as many threads; on WebGPU three models in f32 and, where the
 * adapter has it, f16, beside PyTorch on the same card and beside wasm on this machine's cores.
 */
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { DeviceName } from '../engine/api.ts';
import { bundleForNode } from '../test/support/bundle.ts';
import type { EngineRequest, EngineTimes } from './engine.child.ts';
import { timesOf } from './engine.ts';
import { type BenchModel, configOf, openBenchModel } from './models.ts';
import { runPython } from './python.ts';
import { type Measurement, measurement, median, type Report } from './report.ts';

/** The engine's own number of threads in Node. */
const THREADS = Math.min(4, availableParallelism());

/** Samples: milliseconds a run. */
interface TorchTimes {
  /** `torch …, transformers …, cpu` or the card's name. */
  readonly where: string;
  readonly plain: readonly number[];
  readonly loop: readonly number[];
  readonly batched: readonly number[];
}

export interface LensBench {
  readonly device: DeviceName;
  /** Of `fable-4m`, `smollm2` and `gpt2-small`. */
  readonly models: readonly string[];
  readonly tokens: readonly number[];
  readonly runs: number;
}

async function torchTimes(
  config: string,
  tokens: number,
  runs: number,
  device: DeviceName,
): Promise<TorchTimes> {
  const where = device === 'webgpu' ? 'gpu' : 'cpu';
  const said = await runPython('bench/torch_lens.py', [
    config,
    ...[tokens, runs, THREADS].map(String),
    where,
  ]);
  const samples = (name: string): number[] => (said[name] as unknown[]).map(Number);
  return {
    where: `torch ${String(said['torch'])}, transformers ${String(said['transformers'])}, ${String(said['device'])}`,
    plain: samples('plain'),
    loop: samples('loop'),
    batched: samples('batched'),
  };
}

const tables = (times: EngineTimes): number[] => times.warm.map(({ table }) => table);
const firstRows = (times: EngineTimes): number[] => times.warm.map(({ firstRow }) => firstRow);

/** One engine's rows beside PyTorch's. */
function besideTorch(what: string, ours: EngineTimes, torch: TorchTimes): Measurement[] {
  const row = (
    name: string,
    samples: readonly number[],
    peer: readonly number[],
    note: string,
  ): Measurement =>
    measurement(`${what}${name}`, samples, { peer: median(peer), note: `to PyTorch, ${note}` });
  return [
    row('plain forward, logits only', ours.plain, torch.plain, 'plain forward'),
    row('first row, warm', firstRows(ours), torch.loop, 'the loop over layers'),
    row('whole table, warm', tables(ours), torch.loop, 'the loop over layers'),
    row('whole table, warm', tables(ours), torch.batched, 'all layers at once'),
  ];
}

function torchRows(what: string, torch: TorchTimes): Measurement[] {
  return [
    measurement(`${what}PyTorch: plain forward, logits only`, torch.plain),
    measurement(`${what}PyTorch: lens, a loop over layers, top ten`, torch.loop),
    measurement(`${what}PyTorch: lens, all layers at once, top ten, entropy, KL`, torch.batched),
  ];
}

function coldRows(what: string, times: EngineTimes): Measurement[] {
  return [
    measurement(`${what}load: header, tokenizer, runtime`, [times.load]),
    measurement(`${what}whole table, cold`, [times.cold.table], { note: 'weights read and set up' }),
  ];
}

interface Found {
  readonly rows: readonly Measurement[];
  readonly device: string;
  readonly peer: string;
}

/** A model at a length, on wasm. */
async function onWasm(
  script: string,
  model: BenchModel,
  tokens: number,
  runs: number,
  what: string,
): Promise<Found> {
  const request: EngineRequest = { source: model.source, device: 'wasm', runs, tokens };
  const ours = await timesOf(script, request);
  const torch = await torchTimes(configOf(model), tokens, runs, 'wasm');
  const rows = [...torchRows(what, torch), ...besideTorch(what, ours, torch), ...coldRows(what, ours)];
  return { rows, device: ours.device, peer: `${torch.where}, ${THREADS} threads` };
}

/** A model at a length, on WebGPU: f32, f16 where the adapter has it, quantized where the file is; and on wasm. */
async function onWebgpu(
  script: string,
  model: BenchModel,
  tokens: number,
  runs: number,
  what: string,
): Promise<Found> {
  const request: EngineRequest = { source: model.source, device: 'webgpu', runs, tokens };
  const full = await timesOf(script, request);
  const wasm = await timesOf(script, { ...request, device: 'wasm' });
  const torch = await torchTimes(configOf(model), tokens, runs, 'webgpu');
  const besideWasm = (name: string, samples: readonly number[], peer: readonly number[]): Measurement =>
    measurement(`${what}${name}`, samples, { peer: median(peer), note: `to ${wasm.device}` });
  const rows = [
    ...torchRows(what, torch),
    measurement(`${what}wasm: plain forward, logits only`, wasm.plain),
    measurement(`${what}wasm: first row, warm`, firstRows(wasm)),
    measurement(`${what}wasm: whole table, warm`, tables(wasm)),
    ...besideTorch(`${what}f32: `, full, torch),
    besideWasm('f32: plain forward, logits only', full.plain, wasm.plain),
    besideWasm('f32: whole table, warm', tables(full), tables(wasm)),
    ...coldRows(`${what}f32: `, full),
  ];
  const variant = async (name: string, options: Partial<EngineRequest>): Promise<void> => {
    const times = await timesOf(script, { ...request, ...options });
    const toFull = (row: string, samples: readonly number[], peer: readonly number[]): Measurement =>
      measurement(`${what}${name}: ${row}`, samples, { peer: median(peer), note: 'to f32 on the same card' });
    rows.push(
      toFull('first row, warm', firstRows(times), firstRows(full)),
      toFull('whole table, warm', tables(times), tables(full)),
      besideWasm(`${name}: whole table, warm`, tables(times), tables(wasm)),
    );
  };
  if (full.f16) await variant('f16', { compute: 'f16' });
  if (model.gguf) await variant('quantized matrices kept', { quantized: 'keep' });
  return { rows, device: full.device, peer: torch.where };
}

/** @throws {Error} when a model is not here, the device is missing, or Python has no torch. */
export async function benchLens({ device, models, tokens, runs }: LensBench): Promise<Report> {
  const script = await bundleForNode('bench/engine.child.ts');
  const measurements: Measurement[] = [];
  let found: Found | undefined;
  try {
    for (const name of models) {
      const model = await openBenchModel(name);
      try {
        for (const length of tokens) {
          const what = models.length * tokens.length === 1 ? '' : `${name}, ${length} tokens: `;
          found = await (device === 'wasm' ? onWasm : onWebgpu)(script, model, length, runs, what);
          measurements.push(...found.rows);
        }
      } finally {
        await model.remove();
      }
    }
  } finally {
    await rm(script, { force: true });
  }
  return {
    name: `lens-${device}`,
    title: `The whole lens on ${device}: medians`,
    conditions: {
      models: models.join(', '),
      tokens: tokens.join(', '),
      device: found?.device ?? '',
      peer: `${found?.peer ?? ''}, random weights of the same shape`,
    },
    measurements,
  };
}
