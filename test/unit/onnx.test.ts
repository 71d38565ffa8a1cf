/** The ONNX writer, read back by a protocol-buffers reader that isn't ours. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../shared/graph/onnx.ts';
import { encodeMessage } from '../../shared/graph/protobuf.ts';

type Fields = [field: number, value: bigint | number | Uint8Array][];

function read(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields: Fields = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === WireType.Varint) fields.push([field, BigInt(reader.int64())]);
    else if (type === WireType.Bit32) fields.push([field, reader.float()]);
    else if (type === WireType.LengthDelimited) fields.push([field, reader.bytes()]);
    else throw new Error(`wire type ${type}`);
  }
  return fields;
}

function inside(fields: Fields, field: number): Fields[] {
  return fields
    .filter(([f, v]) => f === field && v instanceof Uint8Array)
    .map(([, v]) => read(v as Uint8Array));
}

const text = (value: unknown): string => new TextDecoder().decode(value as Uint8Array);

describe('protocol buffers', () => {
  it.each([0, 1, 127, 128, 300, 2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER, -1, -128, -(2 ** 40)])(
    'the whole number %d',
    (value) => {
      expect(read(encodeMessage((w) => w.int(1, value)))).toEqual([[1, BigInt(value)]]);
    },
  );

  it('floats, texts, bytes and messages, with field numbers of one and two bytes', () => {
    const bytes = encodeMessage((w) =>
      w
        .float(2, 1e-6)
        .text(20, 'naïve 🙂')
        .message(7, (inner) => inner.int(1, 5)),
    );
    const [float, words, message] = read(bytes);
    expect(float).toEqual([2, Math.fround(1e-6)]);
    expect(words?.[0]).toBe(20);
    expect(text(words?.[1])).toBe('naïve 🙂');
    expect(read(message?.[1] as Uint8Array)).toEqual([[1, 5n]]);
  });
});

describe('ONNX models', () => {
  it('hold what onnx.proto says, in its fields', () => {
    const g = new GraphBuilder('test');
    const x = g.input('x', 'F32', ['rows', 4]);
    const bytes = new Uint8Array(40);
    const w = g.external('w', 'F16', [4, 2], { location: 'bytes.0.8', bytes, offset: 16, length: 16 });
    const y = g.op(
      'Gemm',
      [x, g.op('Cast', [w], { to: { int: 1 } })],
      { alpha: 0.5, perm: [1, 0] },
      'com.microsoft',
    );
    expect(g.ints([-1])).toBe(g.ints([-1]));
    g.output('y', y, 'F32', ['rows', 2]);
    const model = g.finish();
    expect(model.external.get('bytes.0.8')).toBe(bytes);

    const fields = read(model.bytes);
    expect(fields.find(([f]) => f === 1)?.[1]).toBe(9n); // ir_version
    expect(inside(fields, 8).map((o) => o.map(([, v]) => (typeof v === 'bigint' ? v : text(v))))).toEqual([
      ['', 20n],
      ['com.microsoft', 1n],
    ]);
    const [graph = []] = inside(fields, 7);
    const nodes = inside(graph, 1).map((node) => node.filter(([f]) => f === 4).map(([, v]) => text(v))[0]);
    expect(nodes).toEqual(['Cast', 'Gemm', 'Identity']);
    const [, gemm = []] = inside(graph, 1);
    expect(text(gemm.find(([f]) => f === 7)?.[1])).toBe('com.microsoft');
    expect(inside(gemm, 5).map((a) => a.filter(([f]) => f !== 1))).toEqual([
      [
        [2, 0.5],
        [20, 1n],
      ],
      [
        [8, 1n],
        [8, 0n],
        [20, 7n],
      ],
    ]);
    const [initializer = []] = inside(graph, 5);
    expect(initializer.filter(([, v]) => typeof v === 'bigint')).toEqual([
      [1, 4n],
      [1, 2n],
      [2, 10n],
      [14, 1n],
    ]);
    expect(inside(initializer, 13).map((pair) => pair.map(([, v]) => text(v)))).toEqual([
      ['location', 'bytes.0.8'],
      ['offset', '16'],
      ['length', '16'],
    ]);
  });
});
