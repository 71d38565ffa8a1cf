/**
 * Safetensors, read through the byte-range port: the header first, tensors when they are asked for.
 *
 * @see https://github.com/huggingface/safetensors (format): u64 header length, JSON header, data.
 */
import { FormatError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { ByteSource } from './byte-source.ts';
import { byteLength, isDtype, isQuantized } from './dtype.ts';
import { isObject, parseJsonObject } from './json.ts';
import { checkOverlap, type TensorInfo, type TensorSet } from './tensors.ts';

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function tensorInfo(source: ByteSource, name: string, entry: unknown, dataStart: number): TensorInfo {
  const { name: place, size } = source;
  if (!isObject(entry)) throw new FormatError(`${place}: ${name}: expected an object in the header`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isDtype(dtype) || isQuantized(dtype)) {
    throw new FormatError(
      `${place}: ${name}: number type ${JSON.stringify(dtype)} is not read here; it reads F32, F16, BF16, I64, I32`,
    );
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    throw new FormatError(`${place}: ${name}: expected a shape, got ${JSON.stringify(shape)}`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw new FormatError(
      `${place}: ${name}: expected data_offsets [begin, end], got ${JSON.stringify(offsets)}`,
    );
  }
  const [begin, end] = offsets as [number, number];
  const bytes = byteLength(
    dtype,
    shape.reduce((n, d) => n * d, 1),
  );
  if (end - begin !== bytes) {
    throw new FormatError(
      `${place}: ${name}: ${dtype} [${shape.join(', ')}] takes ${bytes} bytes, its offsets say ${end - begin}: the header lies`,
    );
  }
  if (dataStart + end > size) {
    throw new FormatError(
      `${place}: ${name}: bytes [${dataStart + begin}, ${dataStart + end}) reach past the end (${size} bytes): the file is cut off or its header lies. Fetch it again.`,
    );
  }
  return { name, dtype, shape, source, start: dataStart + begin, end: dataStart + end };
}

/**
 * Reads and checks the header.
 *
 * @throws {FormatError} when anything in it does not hold: lengths, types, shapes, offsets, overlaps.
 */
export async function openSafetensors(source: ByteSource, signal?: AbortSignal): Promise<TensorSet> {
  const place = source.name;
  if (source.size < 8) {
    throw new FormatError(
      `${place}: ${source.size} bytes are too few for a safetensors file: fetch it again`,
    );
  }
  const prefix = await source.read(0, 8, signal);
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(Math.min(LIMITS.safetensorsHeaderBytes, source.size - 8))) {
    throw new FormatError(
      `${place}: a header of ${length} bytes does not fit a file of ${source.size}: not a safetensors file, or cut off`,
    );
  }
  const dataStart = 8 + Number(length);
  const header = parseJsonObject(`${place}: header`, await source.read(8, dataStart, signal));
  const tensors = new Map<string, TensorInfo>();
  const metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') {
      if (isObject(entry)) {
        for (const [key, value] of Object.entries(entry))
          if (typeof value === 'string') metadata[key] = value;
      }
      continue;
    }
    tensors.set(name, tensorInfo(source, name, entry, dataStart));
  }
  checkOverlap(place, tensors.values());
  return { place, tensors, metadata };
}
