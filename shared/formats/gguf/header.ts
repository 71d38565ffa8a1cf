/**
 * GGUF's header: metadata and where the tensors lie, read through the byte-range port.
 *
 * A reader of our own and not `@huggingface/gguf` 0.4: that one takes an address and `fetch` (or a path) and not our
 * port, reads pages of 2 MB into a buffer that may grow to 50, lets the last of two equal keys win, doesn't check
 * types, offsets or overlaps against the file, and throws bare errors.
 *
 * What is allocated grows with the bytes that were read: counts are checked against the rest of the file first,
 * numbers go to typed arrays, and a page is never longer than what it serves by more than 8 MiB.
 *
 * @see https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little-endian)
 */
import { FormatError, UnsupportedError } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import type { ByteSource } from '../byte-source.ts';
import { Cursor } from './cursor.ts';

export type NumberArray =
  Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** 64-bit numbers are numbers here: those above 2^53 are rounded, and no size that we take may be that large. */
export type GgufValue = string | number | boolean | NumberArray | readonly string[];

/** A tensor as the header has it. */
export interface GgufTensor {
  readonly name: string;
  /** ggml's order: the first is contiguous. */
  readonly dims: readonly bigint[];
  /** ggml's number of the type. */
  readonly type: number;
  /** Bytes from the beginning of the data. */
  readonly offset: bigint;
}

export interface GgufHeader {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly GgufTensor[];
  /** Bytes up to the end of the last tensor's entry; the data begins at the next multiple of the alignment. */
  readonly bytes: number;
}

const STRING = 8;
const ARRAY = 9;

interface Scalar {
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
  readonly array: (length: number) => NumberArray;
}

/** By GGUF's number of the type. A bool is a byte. */
const SCALARS: ReadonlyMap<number, Scalar> = new Map<number, Scalar>([
  [0, { bytes: 1, read: (v, at) => v.getUint8(at), array: (n) => new Uint8Array(n) }],
  [1, { bytes: 1, read: (v, at) => v.getInt8(at), array: (n) => new Int8Array(n) }],
  [2, { bytes: 2, read: (v, at) => v.getUint16(at, true), array: (n) => new Uint16Array(n) }],
  [3, { bytes: 2, read: (v, at) => v.getInt16(at, true), array: (n) => new Int16Array(n) }],
  [4, { bytes: 4, read: (v, at) => v.getUint32(at, true), array: (n) => new Uint32Array(n) }],
  [5, { bytes: 4, read: (v, at) => v.getInt32(at, true), array: (n) => new Int32Array(n) }],
  [6, { bytes: 4, read: (v, at) => v.getFloat32(at, true), array: (n) => new Float32Array(n) }],
  [7, { bytes: 1, read: (v, at) => v.getUint8(at), array: (n) => new Uint8Array(n) }],
  [10, { bytes: 8, read: (v, at) => Number(v.getBigUint64(at, true)), array: (n) => new Float64Array(n) }],
  [11, { bytes: 8, read: (v, at) => Number(v.getBigInt64(at, true)), array: (n) => new Float64Array(n) }],
  [12, { bytes: 8, read: (v, at) => v.getFloat64(at, true), array: (n) => new Float64Array(n) }],
]);
const FLOAT32 = 6;
const BOOL = 7;

/** Least bytes of an entry: an empty name, a type and a value; an empty name, no axes, a type and an offset. */
const LEAST_KEY_BYTES = 8 + 4 + 1;
const LEAST_TENSOR_BYTES = 8 + 4 + 4 + 8;
const MAX_AXES = 4;
/** Bytes of a name, by the specification 64 for tensors and 65,535 for keys. */
const MAX_NAME_BYTES = 65_535;

/** Numbers of an array that are read at once. */
const SLICE = 65_536;

/**
 * A count of things to come.
 *
 * @throws {FormatError} when the rest of the file couldn't hold them.
 */
function count(cursor: Cursor, value: bigint, leastBytes: number, what: string): number {
  const most = Math.floor(cursor.left / leastBytes);
  if (value > BigInt(most)) {
    throw new FormatError(
      `${cursor.place}: ${what}: expected at most ${most}, which the rest of the file could hold, got ${value}: the header lies`,
    );
  }
  return Number(value);
}

async function readString(cursor: Cursor, what: string, most = Infinity): Promise<string> {
  if (!cursor.has(8)) await cursor.need(8, what);
  const length = count(cursor, cursor.u64(), 1, `${what}: length`);
  if (length > most) {
    throw new FormatError(
      `${cursor.place}: ${what}: expected a name of at most ${most} bytes, got ${length}`,
    );
  }
  if (!cursor.has(length)) await cursor.need(length, what);
  return cursor.string(length, what);
}

/** The shortest decimal that is this f32: 1e-05, where the file's author wrote that, and not 9.99999974e-06. */
export function asWritten(float32: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const shorter = Number(float32.toPrecision(digits));
    if (Math.fround(shorter) === float32) return shorter;
  }
  return float32;
}

/** A name for a message, which a file may have made long. */
export function shown(name: string): string {
  return name.length > 80 ? `${name.slice(0, 77)}...` : name;
}

async function readArray(cursor: Cursor, what: string): Promise<GgufValue> {
  await cursor.need(12, what);
  const type = cursor.u32();
  const length = cursor.u64();
  if (type === STRING) {
    const strings: string[] = [];
    const n = count(cursor, length, 8, what);
    for (let i = 0; i < n; i++) strings.push(await readString(cursor, what));
    return strings;
  }
  const scalar = SCALARS.get(type);
  if (!scalar) {
    throw new UnsupportedError(
      `${cursor.place}: ${what}: ${type === ARRAY ? 'arrays in arrays are' : `arrays of type ${type} are`} not read here: no known model has one`,
    );
  }
  const n = count(cursor, length, scalar.bytes, what);
  // All of it must be there, and within the header's limit, before as much is allocated.
  await cursor.need(Math.min(n, SLICE) * scalar.bytes, what);
  const parts: NumberArray[] = [];
  for (let from = 0; from < n; from += SLICE) {
    const part = scalar.array(Math.min(SLICE, n - from));
    await cursor.need(part.length * scalar.bytes, what);
    const view = cursor.view(part.length * scalar.bytes);
    for (let i = 0; i < part.length; i++) part[i] = scalar.read(view, i * scalar.bytes);
    parts.push(part);
  }
  const all = scalar.array(n);
  parts.forEach((part, i) => all.set(part, i * SLICE));
  return all;
}

async function readValue(cursor: Cursor, what: string): Promise<GgufValue> {
  await cursor.need(4, what);
  const type = cursor.u32();
  if (type === STRING) return readString(cursor, what);
  if (type === ARRAY) return readArray(cursor, what);
  const scalar = SCALARS.get(type);
  if (!scalar) throw new FormatError(`${cursor.place}: ${what}: ${type} is no type of a value in GGUF`);
  await cursor.need(scalar.bytes, what);
  const value = scalar.read(cursor.view(scalar.bytes), 0);
  if (type === BOOL) return value !== 0;
  return type === FLOAT32 ? asWritten(value) : value;
}

async function readTensor(cursor: Cursor, what: string): Promise<GgufTensor> {
  const name = await readString(cursor, what, MAX_NAME_BYTES);
  await cursor.need(4, shown(name));
  const axes = cursor.u32();
  if (axes < 1 || axes > MAX_AXES) {
    throw new FormatError(`${cursor.place}: ${shown(name)}: expected 1 to ${MAX_AXES} axes, got ${axes}`);
  }
  await cursor.need(axes * 8 + 12, shown(name));
  const dims = Array.from({ length: axes }, () => cursor.u64());
  return { name, dims, type: cursor.u32(), offset: cursor.u64() };
}

/** Versions 2 and 3 differ only in that 3 knows big-endian files, which are not read here. */
function checkVersion(place: string, version: number): void {
  if (version === 2 || version === 3) return;
  const known =
    version === 1 ? 'version 1' : version >>> 16 !== 0 ? 'a big-endian file' : `version ${version}`;
  throw new UnsupportedError(
    `${place}: GGUF of ${known} is not read here; it reads versions 2 and 3, little-endian. Convert it anew with llama.cpp.`,
  );
}

/**
 * @throws {FormatError} for what is no GGUF, is cut off, or lies about its lengths or names.
 * @throws {UnsupportedError} for another version, big-endian files, arrays in arrays and endless headers.
 */
export async function readGgufHeader(source: ByteSource, signal?: AbortSignal): Promise<GgufHeader> {
  const place = source.name;
  const cursor = new Cursor(source, LIMITS.ggufHeaderBytes, signal);
  await cursor.need(8, 'the first bytes');
  if (cursor.u32() !== 0x46554747) {
    throw new FormatError(`${place}: expected "GGUF" at the beginning: this is no GGUF file`);
  }
  const version = cursor.u32();
  checkVersion(place, version);
  await cursor.need(16, 'the counts');
  const tensorCount = count(cursor, cursor.u64(), LEAST_TENSOR_BYTES, 'number of tensors');
  const keyCount = count(cursor, cursor.u64(), LEAST_KEY_BYTES, 'number of keys');
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < keyCount; i++) {
    const key = await readString(cursor, `key ${i}`, MAX_NAME_BYTES);
    if (metadata.has(key)) throw new FormatError(`${place}: ${shown(key)}: the key is there twice`);
    metadata.set(key, await readValue(cursor, shown(key)));
  }
  const tensors = new Map<string, GgufTensor>();
  for (let i = 0; i < tensorCount; i++) {
    const tensor = await readTensor(cursor, `tensor ${i}`);
    if (tensors.has(tensor.name)) {
      throw new FormatError(`${place}: ${shown(tensor.name)}: the tensor is there twice`);
    }
    tensors.set(tensor.name, tensor);
  }
  return { version, metadata, tensors: [...tensors.values()], bytes: cursor.position };
}
