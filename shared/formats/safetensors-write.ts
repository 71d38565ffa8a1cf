/**
 * Safetensors, written: the header for tensors whose data the caller then writes one after another, so that no more
 * than one of them is in memory. f32 and i64, little-endian.
 *
 * @see https://github.com/huggingface/safetensors (format): u64 header length, JSON header, data.
 */
import { InputError, ShapeError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { byteLength } from './dtype.ts';

export interface TensorToWrite {
  readonly name: string;
  readonly dtype: 'F32' | 'I64';
  readonly shape: readonly number[];
}

/** A file to be: write `header`, then the data of `tensors` in this order, nothing between. */
export interface SafetensorsPlan<T extends TensorToWrite> {
  readonly header: Uint8Array<ArrayBuffer>;
  /** 8-byte items first, so that every tensor is aligned; otherwise as given. */
  readonly tensors: readonly T[];
}

/**
 * The header of a file with these tensors.
 *
 * @param metadata strings for `__metadata__`.
 * @throws {InputError} for a name that occurs twice or is reserved, and for a shape that is none.
 */
export function planSafetensors<T extends TensorToWrite>(
  tensors: readonly T[],
  metadata: Readonly<Record<string, string>> = {},
): SafetensorsPlan<T> {
  const ordered = [...tensors].sort((a, b) => byteLength(b.dtype, 1) - byteLength(a.dtype, 1));
  const entries = new Map<string, unknown>([['__metadata__', metadata]]);
  let offset = 0;
  for (const { name, dtype, shape } of ordered) {
    if (entries.has(name)) throw new InputError(`safetensors: "${name}": expected a name of its own`);
    if (!shape.every((n) => Number.isSafeInteger(n) && n >= 0)) {
      throw new InputError(`safetensors: ${name}: expected a shape, got [${shape.join(', ')}]`);
    }
    const numbers = shape.reduce((product, n) => product * n, 1);
    const end = offset + byteLength(dtype, numbers);
    entries.set(name, { dtype, shape, data_offsets: [offset, end] });
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  // Spaces at the end bring the data to a multiple of eight.
  const length = Math.ceil(json.length / 8) * 8;
  if (length > LIMITS.safetensorsHeaderBytes) {
    throw new InputError(
      `safetensors: a header of ${length} bytes is more than the format allows: ask for less`,
    );
  }
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return { header, tensors: ordered };
}

/**
 * A tensor's bytes, little-endian.
 *
 * @throws {ShapeError} `NAME: expected [9, 192], got 100 numbers`
 */
export function tensorBytes(
  { name, shape }: TensorToWrite,
  data: Float32Array | BigInt64Array,
): Uint8Array<ArrayBuffer> {
  const count = shape.reduce((product, n) => product * n, 1);
  if (data.length !== count) {
    throw new ShapeError(`${name}: expected [${shape.join(', ')}], got ${data.length} numbers`);
  }
  const bytes = new Uint8Array(data.byteLength);
  const view = new DataView(bytes.buffer);
  if (data instanceof Float32Array) data.forEach((x, i) => view.setFloat32(i * 4, x, true));
  else data.forEach((x, i) => view.setBigInt64(i * 8, x, true));
  return bytes;
}
