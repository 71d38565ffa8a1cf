/** Named tensors in files: what every weight format comes down to. */
import { FormatError, NotFoundError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';
import type { Dtype } from './dtype.ts';

/** Where a tensor lies. `start` and `end` are bytes from the beginning of its file. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  /** Row-major; the last axis is contiguous. */
  readonly shape: readonly number[];
  readonly source: ByteSource;
  readonly start: number;
  readonly end: number;
  /**
   * Where the rows are stored in another order than the model's: they are so many heads, and in each the two halves
   * that rotary positions turn against each other lie row beside row (llama.cpp's order). {@link rowsInOrder} undoes
   * it; `shape` and row numbers everywhere are the model's.
   */
  readonly pairedHeads?: number;
}

/** A model's tensors, over one file or several. */
export interface TensorSet {
  /** For messages: the file, or the folder of the shards. */
  readonly place: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** @throws {NotFoundError} naming the tensor and the file. */
export function findTensor(set: TensorSet, name: string): TensorInfo {
  const info = set.tensors.get(name);
  if (!info) throw new NotFoundError(`${set.place}: no tensor named ${name}`);
  return info;
}

/** No two tensors share a byte. */
export function checkOverlap(place: string, tensors: Iterable<TensorInfo>): void {
  const sorted = [...tensors].filter((t) => t.end > t.start).sort((a, b) => a.start - b.start);
  for (let i = 1; i < sorted.length; i++) {
    const [a, b] = [sorted[i - 1] as TensorInfo, sorted[i] as TensorInfo];
    if (b.start < a.end) throw new FormatError(`${place}: ${a.name} and ${b.name} overlap: the header lies`);
  }
}

/** Which stored row holds the model's row `row`. */
export function storedRow({ shape, pairedHeads }: TensorInfo, row: number): number {
  if (pairedHeads === undefined) return row;
  const size = (shape[0] as number) / pairedHeads;
  const inHead = row % size;
  const half = size / 2;
  return row - inHead + (inHead < half ? inHead * 2 : (inHead - half) * 2 + 1);
}

/**
 * Rows [from, to) in the model's order; of a tensor with one axis, a row is a number.
 *
 * @param bytes all of the tensor's bytes.
 * @returns a view of `bytes` where the order is the model's already, else a copy of the rows.
 */
export function rowsInOrder(
  info: TensorInfo,
  bytes: Uint8Array<ArrayBuffer>,
  from = 0,
  to = info.shape[0] ?? 1,
): Uint8Array<ArrayBuffer> {
  const size = bytes.byteLength / (info.shape[0] ?? 1);
  if (info.pairedHeads === undefined) return bytes.subarray(from * size, to * size);
  const out = new Uint8Array((to - from) * size);
  for (let row = from; row < to; row++) {
    const stored = storedRow(info, row) * size;
    out.set(bytes.subarray(stored, stored + size), (row - from) * size);
  }
  return out;
}
