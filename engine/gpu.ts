/** Finds a WebGPU adapter, tells real ones from software, and opens a device with all that the adapter allows. */
import { DeviceError, messageOf } from '../shared/errors.ts';

export interface FoundAdapter {
  readonly adapter: GPUAdapter;
  /** Computed on the processor: right, but slower than wasm. */
  readonly software: boolean;
  /** For people: `nvidia ada-lovelace`. */
  readonly description: string;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|warp/i;

/** The adapter, or why there is none. */
export async function findAdapter(gpu: GPU | undefined): Promise<FoundAdapter | string> {
  if (!gpu) return 'this browser has no WebGPU';
  let adapter: GPUAdapter | null;
  try {
    adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  } catch (error) {
    return `WebGPU failed to start (${messageOf(error)})`;
  }
  if (!adapter) return 'WebGPU found no usable graphics adapter';
  const { vendor, architecture, device, description } = adapter.info;
  const words = [vendor, architecture, description === '' ? device : description].filter((w) => w !== '');
  const text = [...new Set(words)].join(' ');
  return { adapter, software: adapter.info.isFallbackAdapter || SOFTWARE.test(text), description: text };
}

const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const;

const FEATURES = ['shader-f16', 'subgroups'] as const;

/** Whether the device was opened with half floats in its kernels. */
export function hasHalves(device: GPUDevice): boolean {
  return device.features.has('shader-f16');
}

/** The default limits are a phone's: asks for the adapter's own. @throws {DeviceError} */
export async function openDevice({ adapter, description }: FoundAdapter): Promise<GPUDevice> {
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  const requiredFeatures = FEATURES.filter((f) => adapter.features.has(f));
  try {
    return await adapter.requestDevice({ requiredLimits, requiredFeatures });
  } catch (error) {
    throw new DeviceError(`WebGPU: ${description} did not open (${messageOf(error)}): choose wasm`, {
      cause: error,
    });
  }
}
