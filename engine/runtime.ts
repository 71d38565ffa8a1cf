/**
 * onnxruntime-web behind a small face: sessions from graphs, runs one at a time, failures as our own errors.
 * Everything above this file is the same for wasm and WebGPU.
 */
import type * as Ort from 'onnxruntime-web';
import { DeviceError, MemoryError, messageOf, ResidscopeError } from '../shared/errors.ts';
import type { OnnxModel } from '../shared/graph/onnx.ts';
import type { Compute, DeviceInfo } from './api.ts';
import type { Queue } from './queue.ts';

export type Tensor = Ort.Tensor;
export type Feeds = Readonly<Record<string, Tensor>>;

/** A loaded onnxruntime-web module with its device; made by `ort-node.ts` and `ort-web.ts`. */
export interface LoadedOrt {
  readonly ort: typeof Ort;
  readonly queue: Queue;
  readonly device: Omit<DeviceInfo, 'compute'>;
  /** The device that sessions and our own kernels share; undefined on wasm. */
  readonly gpu: GPUDevice | undefined;
}

/** What the runtime threw, as one of our kinds, with the way out. */
export function runtimeError(doing: string, error: unknown): ResidscopeError {
  if (error instanceof ResidscopeError) return error;
  const text = typeof error === 'number' ? `code ${error}` : messageOf(error);
  if (
    /bad_alloc|out of memory|OOM|Array buffer allocation|memory access out of bounds|exceeds the max/i.test(
      text,
    )
  ) {
    return new MemoryError(
      `${doing}: not enough memory (${text}). Close other tabs, shorten the prompt, or pick a smaller model.`,
      { cause: error },
    );
  }
  return new DeviceError(`${doing}: ${text}`, { cause: error });
}

export class Session {
  readonly #session: Ort.InferenceSession;
  readonly #runtime: Runtime;
  readonly #name: string;

  constructor(runtime: Runtime, session: Ort.InferenceSession, name: string) {
    this.#runtime = runtime;
    this.#session = session;
    this.#name = name;
  }

  /** Runs the graph. On WebGPU the outputs stay on the device until {@link Runtime.read}. */
  async run(feeds: Feeds): Promise<Readonly<Record<string, Tensor>>> {
    return this.#runtime.exclusive(`run ${this.#name}`, () => this.#session.run(feeds));
  }

  async release(): Promise<void> {
    await this.#runtime.exclusive(`release ${this.#name}`, () => this.#session.release());
  }
}

export class Runtime {
  readonly device: DeviceInfo;
  readonly gpu: GPUDevice | undefined;
  readonly #ort: typeof Ort;
  readonly #queue: Queue;
  #lost: string | undefined;

  /** @throws {DeviceError} where the device can't compute in f16 as asked. */
  constructor({ ort, queue, device, gpu }: LoadedOrt, compute: Compute = 'f32') {
    if (compute === 'f16' && !device.f16) {
      throw new DeviceError(
        device.name === 'wasm'
          ? `compute f16: expected WebGPU with shader-f16, got wasm (${device.reason}), which computes in f32 only: choose the device webgpu, or leave compute at f32`
          : `compute f16: expected a graphics adapter with shader-f16, got ${device.detail} without it: leave compute at f32`,
      );
    }
    this.#ort = ort;
    this.#queue = queue;
    const detail = compute === 'f16' ? `${device.detail}, products in f16` : device.detail;
    this.device = { ...device, detail, compute };
    this.gpu = gpu;
    void gpu?.lost.then((info) => {
      this.#lost = info.message === '' ? info.reason : info.message;
    });
  }

  /** Whether the device is gone, and with it every session and tensor. */
  get lost(): boolean {
    return this.#lost !== undefined;
  }

  /** Bytes that one buffer binding may hold: no bound on wasm. */
  get bindingBytes(): number {
    return this.gpu?.limits.maxStorageBufferBindingSize ?? Infinity;
  }

  /** Whether norms should take the mean off first (see `BuildContext.centreFirst`). */
  get centreFirst(): boolean {
    return this.gpu !== undefined;
  }

  /** Runs one thing on the runtime, after all that was asked for before. */
  async exclusive<T>(doing: string, task: () => Promise<T>): Promise<T> {
    return this.#queue.run(async () => {
      this.#checkLost(doing);
      try {
        return await task();
      } catch (error) {
        // A lost device fails the run first and says so a moment later.
        await Promise.resolve();
        this.#checkLost(doing);
        throw runtimeError(doing, error);
      }
    });
  }

  #checkLost(doing: string): void {
    if (this.#lost === undefined) return;
    throw new DeviceError(
      `${doing}: the GPU was lost (${this.#lost}). Run again: the model is set up anew; if it happens again, choose wasm.`,
    );
  }

  /** Creates a session. @throws {MemoryError} when the weights don't fit; {@link DeviceError} for all else. */
  async session(name: string, model: OnnxModel): Promise<Session> {
    const session = await this.exclusive(`set up ${name}`, () =>
      this.#ort.InferenceSession.create(model.bytes, {
        executionProviders: this.gpu ? [{ name: 'webgpu', device: this.gpu }] : ['wasm'],
        externalData: [...model.external].map(([path, data]) => ({ path, data })),
        graphOptimizationLevel: 'all',
        ...(this.gpu && { preferredOutputLocation: 'gpu-buffer' as const }),
        logSeverityLevel: 3,
      }),
    );
    return new Session(this, session, name);
  }

  floats(data: Float32Array, dims: readonly number[]): Tensor {
    return new this.#ort.Tensor('float32', data, dims);
  }

  ints(data: Int32Array, dims: readonly number[]): Tensor {
    return new this.#ort.Tensor('int32', data, dims);
  }

  /** Reads an f32 tensor from wherever it is; it stays usable. */
  async read(tensor: Tensor): Promise<Float32Array> {
    if (tensor.location === 'cpu') return tensor.data as Float32Array;
    return this.exclusive('read back', async () => (await tensor.getData()) as Float32Array);
  }
}
