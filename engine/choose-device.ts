/**
 * Device choice: WebGPU when the adapter is a real one, wasm when it is missing or software, what the reader asks
 * for if they ask.
 */
import { DeviceError } from '../shared/errors.ts';
import type { DeviceChoice } from './api.ts';
import { findAdapter, type FoundAdapter } from './gpu.ts';

export type Chosen =
  | { readonly name: 'wasm'; readonly reason: string }
  | { readonly name: 'webgpu'; readonly reason: string; readonly found: FoundAdapter };

/**
 * @param gpu gives WebGPU's entry point, only when it may be needed; undefined when there is none.
 * @throws {DeviceError} when WebGPU is asked for and not there.
 */
export async function chooseDevice(
  choice: DeviceChoice,
  gpu: () => Promise<GPU | undefined>,
): Promise<Chosen> {
  if (choice === 'wasm') return { name: 'wasm', reason: 'asked for' };
  const found = await findAdapter(await gpu());
  if (choice === 'webgpu') {
    if (typeof found === 'string')
      throw new DeviceError(`WebGPU: ${found}. Choose wasm, which runs anywhere.`);
    return { name: 'webgpu', reason: found.software ? 'asked for; a software adapter' : 'asked for', found };
  }
  if (typeof found === 'string') return { name: 'wasm', reason: found };
  if (found.software)
    return { name: 'wasm', reason: `the WebGPU adapter is software (${found.description})` };
  return { name: 'webgpu', reason: 'a real adapter is there', found };
}
