/** {@link LensModel} for pages and worker threads: which build of the runtime it takes, and where that lies. */
import type * as Ort from 'onnxruntime-web';
import { DeviceError, messageOf } from '../shared/errors.ts';
import type { DeviceChoice, LoadOptions, ModelFiles } from './api.ts';
import { chooseDevice } from './choose-device.ts';
import { hasHalves, openDevice } from './gpu.ts';
import { Model } from './model.ts';
import { openModel, type Platform } from './open-model.ts';
import { Queue } from './queue.ts';
import { resolveWeb } from './resolve-web.ts';
import type { LoadedOrt } from './runtime.ts';

/** Where things lie; the page's build says so once. */
export interface RuntimeConfig {
  /** Folder of onnxruntime-web's `.mjs` glue and its `.wasm.gz`. */
  readonly base: URL;
  /** Folder of the embedded models. */
  readonly models: URL;
  /** Where `owner/name` leads, with a slash at its end. Default: https://huggingface.co/ */
  readonly hub: URL;
  /** Whether models from a hub or an address stay on the device (see {@link listKept}). Default true. */
  readonly keep: boolean;
}

let config: RuntimeConfig = {
  base: new URL('./ort/', import.meta.url),
  models: new URL('./models/', import.meta.url),
  hub: new URL('https://huggingface.co/'),
  keep: true,
};

/** Call before the first `load` when the files don't lie beside this module. */
export function configureRuntime(changes: Partial<RuntimeConfig>): void {
  config = { ...config, ...changes };
}

type Build = 'wasm' | 'jspi' | 'asyncify';

const FILES: Readonly<Record<Build, string>> = {
  wasm: 'ort-wasm-simd-threaded',
  jspi: 'ort-wasm-simd-threaded.jspi',
  asyncify: 'ort-wasm-simd-threaded.asyncify',
};

/** JSPI where the engine has it: its wasm is 10 MB smaller. The entry throws where it is missing, so look first. */
function webgpuBuild(): Build {
  return 'Suspending' in WebAssembly ? 'jspi' : 'asyncify';
}

function importBuild(build: Build): Promise<typeof Ort> {
  switch (build) {
    case 'wasm':
      return import('onnxruntime-web/wasm');
    case 'jspi':
      return import('onnxruntime-web/jspi');
    case 'asyncify':
      return import('onnxruntime-web/webgpu');
  }
}

/**
 * The wasm travels gzipped, because one of the builds is over the size that static hosts allow. Some servers declare
 * that as an encoding, and the browser has undone it already.
 */
async function fetchWasm(url: URL): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok) throw new DeviceError(`${url.pathname}: HTTP ${response.status}: reload the page`);
  const bytes = await response.arrayBuffer();
  const [first, second] = new Uint8Array(bytes, 0, Math.min(2, bytes.byteLength));
  if (first !== 0x1f || second !== 0x8b) return bytes;
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
}

/** A module, once loaded, is kept with its queue: its state is global to it. */
const loaded = new Map<Build, Promise<{ ort: typeof Ort; queue: Queue }>>();

function loadBuild(build: Build): Promise<{ ort: typeof Ort; queue: Queue }> {
  const known = loaded.get(build);
  if (known) return known;
  const loading = (async () => {
    const file = FILES[build];
    const [ort, wasmBinary] = await Promise.all([
      importBuild(build),
      fetchWasm(new URL(`${file}.wasm.gz`, config.base)),
    ]);
    ort.env.wasm.wasmBinary = wasmBinary;
    ort.env.wasm.wasmPaths = { mjs: new URL(`${file}.mjs`, config.base) };
    ort.env.wasm.numThreads = wasmThreads();
    return { ort, queue: new Queue() };
  })();
  loaded.set(build, loading);
  loading.catch(() => loaded.delete(build));
  return loading;
}

/** Threads need cross-origin isolation; past four they do not pay for models of this size. */
function wasmThreads(): number {
  return globalThis.crossOriginIsolated ? Math.max(1, Math.min(4, navigator.hardwareConcurrency)) : 1;
}

async function openRuntime(choice: DeviceChoice): Promise<LoadedOrt> {
  const chosen = await chooseDevice(choice, () => Promise.resolve((navigator as { readonly gpu?: GPU }).gpu));
  try {
    if (chosen.name === 'wasm') {
      const threads = wasmThreads();
      const detail = threads > 1 ? `${threads} threads` : '1 thread: the page is not cross-origin isolated';
      return {
        ...(await loadBuild('wasm')),
        device: { name: 'wasm', detail, reason: chosen.reason, f16: false },
        gpu: undefined,
      };
    }
    const runtime = await loadBuild(webgpuBuild());
    const gpu = await openDevice(chosen.found);
    return {
      ...runtime,
      device: {
        name: 'webgpu',
        detail: chosen.found.description,
        reason: chosen.reason,
        f16: hasHalves(gpu),
      },
      gpu,
    };
  } catch (error) {
    if (error instanceof DeviceError) throw error;
    throw new DeviceError(
      `the runtime for ${chosen.name} did not load (${messageOf(error)}): reload the page`,
      {
        cause: error,
      },
    );
  }
}

/** A model, opened in a page or a worker thread. */
export class LensModel extends Model {
  /**
   * Opens a model: its config, tokenizer and header are read now, its weights with the first run.
   *
   * @param source `fable-4m`; `owner/name`, with `@revision` or not, on the hub; the address of a folder that holds a
   * model's files, or of a `.gguf` file; or any {@link ModelFiles}, such as {@link blobFiles} of a dropped folder.
   * @throws {AccessError} for a gated or private model; {@link NotFoundError} when there is no such model, file or tensor; {@link UnsupportedError} for a family or an
   * option that would run wrong; {@link FormatError} for damaged files; {@link NetworkError}, {@link DeviceError}.
   */
  static async load(source: string | ModelFiles, options: LoadOptions = {}): Promise<LensModel> {
    const platform: Platform = {
      resolve: (name, how) => resolveWeb(name, config, how),
      openRuntime,
    };
    return new LensModel(await openModel(platform, source, options));
  }
}
