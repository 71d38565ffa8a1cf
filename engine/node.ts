/**
 * The library in Node: `import { LensModel } from 'residscope'`. Models are the embedded one, folders, `.gguf`
 * files, addresses, or on the hub; wasm by default, WebGPU through the optional package `webgpu`.
 */
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Ort from 'onnxruntime-web';
import type { DeviceChoice, LoadOptions, ModelFiles } from './api.ts';
import { chooseDevice } from './choose-device.ts';
import { installDawn } from './dawn.ts';
import { openDevice } from './gpu.ts';
import { Model, openModel, type Platform } from './model.ts';
import { Queue } from './queue.ts';
import { resolveNode } from './resolve-node.ts';
import type { LoadedOrt } from './runtime.ts';

export type * from './api.ts';
export type * from './directions-api.ts';
export type { Intervention } from '../shared/interventions.ts';
export { Model } from './model.ts';
export { MemorySource, type ByteSource } from '../shared/formats/byte-source.ts';
export * from '../shared/errors.ts';
export { referencePrompts } from './reference-node.ts';
export { saveLens } from './lens-file.ts';
export type { FitReport, HeldOut, Translator, Translators } from '../shared/lens/translators.ts';

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

async function openRuntime(choice: DeviceChoice): Promise<LoadedOrt> {
  // Without a browser, `auto` is wasm: Dawn must be asked for.
  const chosen = await chooseDevice(choice === 'auto' ? 'wasm' : choice, installDawn);
  if (chosen.name === 'wasm') {
    const ort = await load('node', 'ort-wasm-simd-threaded', threads);
    const reason = choice === 'auto' ? 'the default in Node' : chosen.reason;
    return { ort, queue, device: { name: 'wasm', detail: `${threads} threads`, reason }, gpu: undefined };
  }
  // One thread: the GPU does the work, and this build starts threads the way browsers do.
  const ort = await load('webgpu', 'ort-wasm-simd-threaded.asyncify', 1);
  const gpu = await openDevice(chosen.found);
  return {
    ort,
    queue,
    device: { name: 'webgpu', detail: chosen.found.description, reason: chosen.reason },
    gpu,
  };
}

/** Nothing keeps what comes over the network here, and memory is there: rather hold it than fetch it twice. */
const platform: Platform = { resolve: resolveNode, openRuntime, memory: { holdRemoteBytes: 8 * 2 ** 30 } };

/** A model, opened in Node. */
export class LensModel extends Model {
  /**
   * Opens a model: its config, tokenizer and header are read now, its weights with the first run.
   *
   * @param source `fable-4m`; a folder in Hugging Face layout or a `.gguf` file; `owner/name`, with `@revision` or
   * not, on the hub (`HF_ENDPOINT` names another); an address; or any {@link ModelFiles}.
   * @throws {AccessError} for a gated or private model; {@link NotFoundError} when there is no such model, file or tensor; {@link UnsupportedError} for a family or an
   * option that would run wrong; {@link FormatError} for damaged files.
   */
  static async load(source: string | ModelFiles, options: LoadOptions = {}): Promise<LensModel> {
    return new LensModel(await openModel(platform, source, options));
  }
}
