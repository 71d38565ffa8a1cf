/**
 * WebGPU in Node: loads Dawn (the optional npm package `webgpu`) and puts it where onnxruntime-web looks for a
 * browser's. Which adapter Dawn finds is Vulkan's business: `VK_ICD_FILENAMES` names another driver.
 */
import { DeviceError, messageOf } from '../shared/errors.ts';

/** What the package exports; its own types need a DOM. */
interface DawnModule {
  readonly create: (options: string[]) => GPU;
  readonly globals: Record<string, unknown>;
}

let installed: Promise<GPU> | undefined;

/**
 * Makes `navigator.gpu` and the WebGPU globals exist in this process; a second call gives the same GPU.
 *
 * @throws {DeviceError} when the package isn't installed or its binary doesn't load.
 */
export function installDawn(): Promise<GPU> {
  installed ??= install().catch((error: unknown) => {
    installed = undefined;
    throw error;
  });
  return installed;
}

async function install(): Promise<GPU> {
  const { create, globals } = await importDawn();
  Object.assign(globalThis, globals);
  acceptSharedMemory();
  const gpu = create([]);
  // Node 21 brought a navigator of its own, an accessor on the global object; Node 20 has none.
  const navigator: object = (globalThis as { navigator?: object }).navigator ?? {};
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  if (!('navigator' in globalThis)) {
    Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true, writable: true });
  }
  return gpu;
}

async function importDawn(): Promise<DawnModule> {
  const name: string = 'webgpu'; // A variable: bundlers and the compiler must leave an optional package alone.
  try {
    return (await import(/* @vite-ignore */ name)) as DawnModule;
  } catch (error) {
    throw new DeviceError(
      `webgpu: Dawn, which is WebGPU for Node, doesn't load (${messageOf(error)}). Run "npm install webgpu", or use the device wasm.`,
      { cause: error },
    );
  }
}

/** Dawn's `writeBuffer` refuses views on a SharedArrayBuffer, which is what threaded wasm memory is: copies them. */
function acceptSharedMemory(): void {
  const prototype: { writeBuffer: WriteBuffer } = GPUQueue.prototype;
  const { writeBuffer } = prototype;
  prototype.writeBuffer = function (buffer, bufferOffset, data, ...part) {
    const bytes = ArrayBuffer.isView(data) ? data : new Uint8Array(data);
    if (bytes.buffer instanceof SharedArrayBuffer) {
      writeBuffer.call(this, buffer, bufferOffset, copyPart(bytes, ...part));
    } else {
      writeBuffer.call(this, buffer, bufferOffset, data, ...part);
    }
  };
}

type WriteBuffer = (
  this: GPUQueue,
  buffer: GPUBuffer,
  bufferOffset: number,
  data: ArrayBufferLike | ArrayBufferView,
  ...part: [dataOffset?: number, size?: number]
) => void;

/** The part to be written. Offset and size count elements of a typed array, bytes of anything else. */
function copyPart(view: ArrayBufferView, dataOffset = 0, size?: number): Uint8Array<ArrayBuffer> {
  const unit = (view as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1;
  const start = dataOffset * unit;
  const length = size === undefined ? view.byteLength - start : size * unit;
  return new Uint8Array(view.buffer, view.byteOffset + start, length).slice();
}
