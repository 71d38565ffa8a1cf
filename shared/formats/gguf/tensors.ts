/** Where a GGUF's tensors lie and what their numbers are, checked against the file. */
import { FormatError, UnsupportedError } from '../../errors.ts';
import type { ByteSource } from '../byte-source.ts';
import { blockSize, byteLength, type Dtype } from '../dtype.ts';
import type { TensorInfo } from '../tensors.ts';
import { shown, type GgufTensor } from './header.ts';
import type { Metadata } from './metadata.ts';

/** ggml's number types that are read. */
const TYPES: ReadonlyMap<number, Dtype> = new Map<number, Dtype>([
  [0, 'F32'],
  [1, 'F16'],
  [2, 'Q4_0'],
  [3, 'Q4_1'],
  [6, 'Q5_0'],
  [7, 'Q5_1'],
  [8, 'Q8_0'],
  [12, 'Q4_K'],
  [13, 'Q5_K'],
  [14, 'Q6_K'],
  [30, 'BF16'],
]);

/** Names of the others, for messages. */
const OTHERS: ReadonlyMap<number, string> = new Map([
  [9, 'Q8_1'],
  [10, 'Q2_K'],
  [11, 'Q3_K'],
  [15, 'Q8_K'],
  [16, 'IQ2_XXS'],
  [17, 'IQ2_XS'],
  [18, 'IQ3_XXS'],
  [19, 'IQ1_S'],
  [20, 'IQ4_NL'],
  [21, 'IQ3_S'],
  [22, 'IQ2_S'],
  [23, 'IQ4_XS'],
  [24, 'I8'],
  [25, 'I16'],
  [26, 'I32'],
  [27, 'I64'],
  [28, 'F64'],
  [29, 'IQ1_M'],
  [34, 'TQ1_0'],
  [35, 'TQ2_0'],
  [39, 'MXFP4'],
]);

const DEFAULT_ALIGNMENT = 32;
const MAX_ALIGNMENT = 1 << 20;

/** The part of the file behind the header. */
export interface DataPlace {
  /** Bytes from the beginning of the file. */
  readonly start: number;
  /** Tensors begin at multiples of so many bytes. */
  readonly alignment: number;
}

/** @param headerBytes as {@link GgufHeader} has them. */
export function dataPlace(headerBytes: number, metadata: Metadata): DataPlace {
  const alignment = metadata.size('general.alignment', DEFAULT_ALIGNMENT);
  if (alignment > MAX_ALIGNMENT || alignment % 8 !== 0 || !Number.isInteger(Math.log2(alignment))) {
    throw new FormatError(
      `${metadata.place}: general.alignment: expected a power of two from 8 to ${MAX_ALIGNMENT}, got ${alignment}`,
    );
  }
  return { start: Math.ceil(headerBytes / alignment) * alignment, alignment };
}

/** Row-major: ggml names the contiguous axis first. */
function shapeOf(place: string, dims: readonly bigint[]): number[] {
  const shape = dims.map(Number).reverse();
  const numbers = dims.reduce((n, d) => n * d, 1n);
  if (numbers < 1n || numbers > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new FormatError(`${place}: expected a shape, got [${shape.join(', ')}]: the header lies`);
  }
  return shape;
}

/**
 * A tensor under ggml's name, in the file's row order.
 *
 * @throws {UnsupportedError} for a number type that isn't read; {@link FormatError} for a place outside the file.
 */
export function locate(source: ByteSource, tensor: GgufTensor, { start, alignment }: DataPlace): TensorInfo {
  const place = `${source.name}: ${shown(tensor.name)}`;
  const dtype = TYPES.get(tensor.type);
  if (dtype === undefined) {
    const name = OTHERS.get(tensor.type) ?? `number ${tensor.type}`;
    throw new UnsupportedError(
      `${place}: numbers of ggml's type ${name} are not read here; these are: ${[...TYPES.values()].join(', ')}. Choose a file in one of them.`,
    );
  }
  const shape = shapeOf(place, tensor.dims);
  const row = shape.at(-1) ?? 1;
  if (row % blockSize(dtype) !== 0) {
    throw new FormatError(`${place}: ${dtype} comes in blocks of ${blockSize(dtype)}, got rows of ${row}`);
  }
  const bytes = byteLength(
    dtype,
    shape.reduce((n, d) => n * d, 1),
  );
  if (tensor.offset % BigInt(alignment) !== 0n) {
    throw new FormatError(`${place}: expected an offset in steps of ${alignment}, got ${tensor.offset}`);
  }
  const from = BigInt(start) + tensor.offset;
  if (from + BigInt(bytes) > BigInt(source.size)) {
    throw new FormatError(
      `${place}: ${dtype} [${shape.join(', ')}] at ${from} reaches past the end (${source.size} bytes): the file is cut off or its header lies. Fetch it again.`,
    );
  }
  return { name: tensor.name, dtype, shape, source, start: Number(from), end: Number(from) + bytes };
}
