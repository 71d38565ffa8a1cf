/**
 * Writes protocol buffers: the four kinds of field that ONNX models are made of. Forty lines rather than a package,
 * because the page's shell has a budget and the reader's half would travel along.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

export class ProtoWriter {
  readonly #parts: Uint8Array[] = [];
  #scalars: number[] = [];

  /** A whole number: int64, int32 or an enum. Negative ones take ten bytes, as two's complement of 64 bits. */
  int(field: number, value: number): this {
    this.#varint((field << 3) | VARINT);
    this.#varint(value);
    return this;
  }

  float(field: number, value: number): this {
    this.#varint((field << 3) | FIXED32);
    this.#scalars.push(...new Uint8Array(new Float32Array([value]).buffer));
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#varint((field << 3) | LENGTH_DELIMITED);
    this.#varint(value.length);
    this.#flush();
    this.#parts.push(value);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** A message inside this one. */
  message(field: number, fill: (inner: ProtoWriter) => void): this {
    return this.bytes(field, encodeMessage(fill));
  }

  finish(): Uint8Array {
    this.#flush();
    const out = new Uint8Array(this.#parts.reduce((n, part) => n + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  #varint(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 127n; rest >>= 7n) this.#scalars.push(Number(rest & 127n) | 128);
    this.#scalars.push(Number(rest));
  }

  #flush(): void {
    if (this.#scalars.length > 0) this.#parts.push(Uint8Array.from(this.#scalars));
    this.#scalars = [];
  }
}

export function encodeMessage(fill: (writer: ProtoWriter) => void): Uint8Array {
  const writer = new ProtoWriter();
  fill(writer);
  return writer.finish();
}
