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

/** Attention's tensors are [head, dest, src]; all others begin with the position. */
export function isAttention(hook: string): boolean {
  return hook.endsWith('hook_pattern') || hook.endsWith('hook_attn_scores');
}

/**
 * Some positions of a hook without its batch axis.
 *
 * @param srcs the first so many positions that are looked at; for attention.
 */
export function cut(
  hook: string,
  { shape, data }: GoldenTensor,
  from: number,
  to: number,
  srcs: number,
): GoldenTensor {
  if (!isAttention(hook)) {
    const width = shape.slice(1).reduce((a, b) => a * b, 1);
    return { shape: [to - from, ...shape.slice(1)], data: data.slice(from * width, to * width) };
  }
  const [heads = 0, allDests = 0, allSrcs = 0] = shape;
  const out = new Float32Array(heads * (to - from) * srcs);
  for (let row = 0; row < heads * (to - from); row++) {
    const [head, dest] = [Math.floor(row / (to - from)), from + (row % (to - from))];
    const start = (head * allDests + dest) * allSrcs;
    out.set(data.subarray(start, start + srcs), row * srcs);
  }
  return { shape: [heads, to - from, srcs], data: out };
}
