/** Safetensors files made in memory for tests: good ones, and any that lie. */
import { MemorySource } from '../../shared/formats/byte-source.ts';

export interface TestTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A file from a header as it is and data behind it. */
export function rawFile(
  header: string,
  data: Uint8Array = new Uint8Array(0),
  length?: bigint,
): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + text.length + data.length);
  new DataView(file.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  file.set(text, 8);
  file.set(data, 8 + text.length);
  return file;
}

/** A good file. */
export function goodFile(tensors: Readonly<Record<string, TestTensor>>): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = {};
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [name, { dtype, shape, bytes }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [at, at + bytes.length] };
    parts.push(bytes);
    at += bytes.length;
  }
  const data = new Uint8Array(at);
  let to = 0;
  for (const part of parts) {
    data.set(part, to);
    to += part.length;
  }
  return rawFile(JSON.stringify(header), data);
}

export function f32(...values: number[]): Uint8Array {
  return new Uint8Array(new Float32Array(values).buffer);
}

export function source(bytes: Uint8Array<ArrayBuffer>): MemorySource {
  return new MemorySource('test.safetensors', bytes);
}
