/** onnxruntime-web in Node: its own wasm build, or the WebGPU one on Dawn. */
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Ort from 'onnxruntime-web';
import type { DeviceChoice } from './api.ts';
import { chooseDevice } from './choose-device.ts';
import { installDawn } from './dawn.ts';
import { hasHalves, openDevice } from './gpu.ts';
import { Queue } from './queue.ts';
import type { LoadedOrt } from './runtime.ts';

/** One queue and one module a build: the runtime keeps its state in the module. */
const queue = new Queue();
const dist = join(dirname(createRequire(import.meta.url).resolve('onnxruntime-web')));

/** As many threads as there are cores, four at most: more does not pay for models of this size. */
const threads = Math.min(4, availableParallelism());

async function load(build: 'node' | 'webgpu', wasm: string, numThreads: number): Promise<typeof Ort> {
  const ort = (await import(
    /* @vite-ignore */ pathToFileURL(join(dist, `ort.${build}.min.mjs`)).href
  )) as typeof Ort;
  ort.env.wasm.numThreads = numThreads;
  ort.env.wasm.wasmBinary ??= await readFile(join(dist, `${wasm}.wasm`));
  return ort;
}

/** @throws {DeviceError} when the device asked for is missing. */
export async function openRuntime(choice: DeviceChoice): Promise<LoadedOrt> {
  // Without a browser, `auto` is wasm: Dawn must be asked for.
  const chosen = await chooseDevice(choice === 'auto' ? 'wasm' : choice, installDawn);
  if (chosen.name === 'wasm') {
    const ort = await load('node', 'ort-wasm-simd-threaded', threads);
    const reason = choice === 'auto' ? 'the default in Node' : chosen.reason;
    const device = { name: 'wasm', detail: `${threads} threads`, reason, f16: false } as const;
    return { ort, queue, device, gpu: undefined };
  }
  // One thread: the GPU does the work, and this build starts threads the way browsers do.
  const ort = await load('webgpu', 'ort-wasm-simd-threaded.asyncify', 1);
  const gpu = await openDevice(chosen.found);
  return {
    ort,
    queue,
    device: {
      name: 'webgpu',
      detail: chosen.found.description,
      reason: chosen.reason,
      f16: hasHalves(gpu),
    },
    gpu,
  };
}
