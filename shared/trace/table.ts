/** Tables of a trace: typed arrays as `{ dtype, shape, data }`, little-endian, in padded base64, both ways. */
import { at, objectAt, refuse } from './check.ts';
import type { Dtype, Table } from './format.ts';

/** The array of a dtype. */
export interface ArrayOf {
  readonly f32: Float32Array;
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
}

const ITEM_BYTES: Record<Dtype, number> = { f32: 4, i32: 4, u8: 1 };

/** The one NaN of the format, so that equal tables have equal bytes. */
const NAN_BITS = 0x7fc00000;

/** Bytes a call to `String.fromCharCode` takes at once: its arguments lie on the stack. */
const CHUNK = 0x2000;

/**
 * Reads a table whose dtype and shape are known from the rest of the trace.
 *
 * @throws {FormatError} naming the place, when dtype, shape, base64 or length differ.
 */
export function decodeTable<D extends Dtype>(
  value: unknown,
  place: string,
  dtype: D,
  shape: readonly number[],
): ArrayOf[D] {
  const table = objectAt(value, place);
  if (table.dtype !== dtype) refuse(at(place, 'dtype'), `"${dtype}"`, table.dtype);
  const given = table.shape;
  if (!Array.isArray(given) || given.length !== shape.length || given.some((n, i) => n !== shape[i])) {
    refuse(at(place, 'shape'), `[${shape.join(', ')}]`, showShape(given));
  }
  const items = shape.reduce((product, n) => product * n, 1);
  const bytes = decodeBase64(table.data, at(place, 'data'), items * ITEM_BYTES[dtype]);
  return READ[dtype](bytes, items, place);
}

const READ: { readonly [D in Dtype]: (bytes: Uint8Array, items: number, place: string) => ArrayOf[D] } = {
  u8: (bytes) => bytes,
  i32: (bytes, items) => {
    const view = new DataView(bytes.buffer);
    return Int32Array.from({ length: items }, (_, i) => view.getInt32(i * 4, true));
  },
  f32: (bytes, items, place) => {
    const view = new DataView(bytes.buffer);
    const out = new Float32Array(items);
    for (let i = 0; i < items; i++) {
      const x = view.getFloat32(i * 4, true);
      if (Number.isNaN(x) && view.getUint32(i * 4, true) !== NAN_BITS) {
        refuse(`${place}: item ${i}`, 'the NaN 7fc00000', view.getUint32(i * 4, true).toString(16));
      }
      out[i] = x;
    }
    return out;
  },
};

/** @param data row-major, as long as the shape says. */
export function encodeTable<D extends Dtype>(dtype: D, shape: readonly number[], data: ArrayOf[D]): Table<D> {
  const items = shape.reduce((product, n) => product * n, 1);
  if (data.length !== items) refuse('table', `${items} items for [${shape.join(', ')}]`, data.length);
  const bytes = new Uint8Array(items * ITEM_BYTES[dtype]);
  const view = new DataView(bytes.buffer);
  if (data instanceof Uint8Array) bytes.set(data);
  else if (data instanceof Int32Array) data.forEach((x, i) => view.setInt32(i * 4, x, true));
  else
    data.forEach((x, i) => {
      if (Number.isNaN(x)) view.setUint32(i * 4, NAN_BITS, true);
      else view.setFloat32(i * 4, x, true);
    });
  return { dtype, shape: [...shape], data: encodeBase64(bytes) };
}

function encodeBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  }
  return btoa(binary);
}

/** Strict: no white space, right length, padded, and the unused last bits zero, so that one table has one text. */
function decodeBase64(value: unknown, place: string, length: number): Uint8Array {
  if (typeof value !== 'string') refuse(place, 'base64', value);
  const expected = Math.ceil(length / 3) * 4;
  if (value.length !== expected) refuse(place, `${expected} characters of base64`, value.length);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value))
    refuse(place, 'base64 (A–Z a–z 0–9 + / and = at the end)', value);
  let binary: string;
  try {
    binary = atob(value);
  } catch {
    refuse(place, 'base64', value);
  }
  if (binary.length !== length) refuse(place, `${length} bytes`, binary.length);
  const tail = length % 3;
  if (tail > 0 && btoa(binary.slice(length - tail)) !== value.slice(-4)) {
    refuse(place, 'base64 whose unused bits are zero', value.slice(-4));
  }
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function showShape(value: unknown): unknown {
  return Array.isArray(value) && value.length <= 8 && value.every((n) => typeof n === 'number')
    ? `[${value.join(', ')}]`
    : value;
}
