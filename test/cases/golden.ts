/** Golden tensors, decoded from safetensors bytes. */
import { MemorySource } from '../../shared/formats/byte-source.ts';
import { toFloat32 } from '../../shared/formats/dtype.ts';
import { openSafetensors } from '../../shared/formats/safetensors.ts';

export interface GoldenTensor {
  readonly shape: readonly number[];
  /** Ids fit an f32 exactly: vocabularies are far below 2²⁴. */
  readonly data: Float32Array;
}

export type Goldens = ReadonlyMap<string, GoldenTensor>;

/** Every tensor of a file, floats and ids alike. */
export async function decodeGoldens(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<Goldens> {
  const file = await openSafetensors(new MemorySource(name, bytes));
  const tensors = new Map<string, GoldenTensor>();
  for (const [key, { dtype, shape, start, end }] of file.tensors) {
    const part = bytes.slice(start, end);
    const data =
      dtype === 'I64'
        ? Float32Array.from(new BigInt64Array(part.buffer), Number)
        : dtype === 'I32'
          ? Float32Array.from(new Int32Array(part.buffer))
          : toFloat32(part, dtype);
    tensors.set(key, { shape, data });
  }
  return tensors;
}

/** @throws {Error} naming the tensor. */
export function golden(goldens: Goldens, key: string): GoldenTensor {
  const tensor = goldens.get(key);
  if (!tensor) throw new Error(`no golden named ${key}`);
  return tensor;
}

/** The numbers of the prompts that have goldens. */
export function promptNumbers(goldens: Goldens): number[] {
  return [...goldens.keys()]
    .flatMap((key) => (/^\d+\.ids$/.test(key) ? [Number.parseInt(key, 10)] : []))
    .sort();
}
