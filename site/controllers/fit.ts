/**
 * Whether a model is likely to fit this device: an estimate from what browsers tell, and worded as one. Weights are
 * computed with in f32; about half as much again is needed beside them while they are handed to the runtime.
 */
import { findAdapter } from '../../engine/gpu.ts';
import type { CatalogueModel } from './catalogue.ts';

export interface DeviceFacts {
  /** Bytes of memory; browsers round it and say 8 GB for all that is more. Undefined: not told. */
  readonly memory: number | undefined;
  /** Bytes of the largest buffer on the GPU that would be used; undefined when wasm would be. */
  readonly gpuBuffer: number | undefined;
}

export type Fit = 'fits' | 'tight' | 'too-big' | 'too-big-gpu';

export const FIT_WORDS: Readonly<Record<Fit, string>> = {
  fits: 'likely fits',
  tight: 'may be a tight fit',
  'too-big': 'likely too big for this tab',
  'too-big-gpu': 'likely too big for this GPU',
};

/** Bytes that a wasm program can address. */
const WASM_MEMORY = 2 ** 32;
const OVERHEAD = 1.5;
const F32 = 4;

export async function deviceFacts(): Promise<DeviceFacts> {
  const { deviceMemory, gpu } = navigator as { readonly deviceMemory?: number; readonly gpu?: GPU };
  const found = await findAdapter(gpu);
  const real = typeof found === 'string' || found.software ? undefined : found.adapter;
  return {
    memory: deviceMemory === undefined ? undefined : deviceMemory * 2 ** 30,
    gpuBuffer: real?.limits.maxBufferSize,
  };
}

export function fitOf(
  { parameters, vocab, width }: Pick<CatalogueModel, 'parameters' | 'vocab' | 'width'>,
  { memory = 8 * 2 ** 30, gpuBuffer }: DeviceFacts,
): Fit {
  const bytes = parameters * F32 * OVERHEAD;
  if (gpuBuffer === undefined ? bytes > WASM_MEMORY : vocab * width * F32 > gpuBuffer) {
    return gpuBuffer === undefined ? 'too-big' : 'too-big-gpu';
  }
  if (bytes > memory * 0.75) return 'too-big';
  return bytes > memory * 0.35 ? 'tight' : 'fits';
}
