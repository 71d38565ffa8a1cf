/** Named tensors in files: what every weight format comes down to. */
import { NotFoundError } from '../errors.ts';
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
