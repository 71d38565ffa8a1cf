/** Tensors that several readers share: the device memory goes back when the last of them is done. */
import type { HookTensor } from './api.ts';
import type { Runtime, Tensor } from './runtime.ts';

/** A reference-counted tensor on the device (or in memory, where counting costs nothing). */
export class DeviceTensor {
  readonly tensor: Tensor;
  #references = 1;

  constructor(tensor: Tensor) {
    this.tensor = tensor;
  }

  retain(): this {
    this.#references++;
    return this;
  }

  release(): void {
    this.#references--;
    if (this.#references === 0 && this.tensor.location === 'gpu-buffer') this.tensor.dispose();
  }
}

/** Hook tensors that nobody holds any more give their device memory back by themselves. */
const forgotten = new FinalizationRegistry<DeviceTensor>((device) => device.release());

/** A hook's value on the device, read when asked for. */
export class DeviceHook implements HookTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly #runtime: Runtime;
  #device: DeviceTensor | undefined;
  #data: Promise<Float32Array> | undefined;

  /** Takes over one reference of `device`. */
  constructor(runtime: Runtime, name: string, device: DeviceTensor) {
    this.name = name;
    this.shape = device.tensor.dims;
    this.#runtime = runtime;
    this.#device = device;
    forgotten.register(this, device, this);
  }

  data(): Promise<Float32Array> {
    this.#data ??= this.#read();
    return this.#data;
  }

  async #read(): Promise<Float32Array> {
    const device = this.#device;
    if (!device) throw new Error(`${this.name}: disposed`);
    const data = await this.#runtime.read(device.tensor);
    this.dispose();
    return data;
  }

  /** Gives the device memory back. A value that was read before stays readable. */
  dispose(): void {
    if (!this.#device) return;
    forgotten.unregister(this);
    this.#device.release();
    this.#device = undefined;
  }
}

/** A hook's value that is in memory anyway. */
export class MemoryHook implements HookTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly #data: Float32Array;

  constructor(name: string, shape: readonly number[], data: Float32Array) {
    this.name = name;
    this.shape = shape;
    this.#data = data;
  }

  data(): Promise<Float32Array> {
    return Promise.resolve(this.#data);
  }

  dispose(): void {
    // Memory needs no giving back.
  }
}
