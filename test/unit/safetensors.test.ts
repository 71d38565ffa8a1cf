/** The safetensors reader: good files, and every way in which a header can lie. */
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../shared/errors.ts';
import { toFloat32 } from '../../shared/formats/dtype.ts';
import { openSafetensors } from '../../shared/formats/safetensors.ts';
import { findTensor } from '../../shared/formats/tensors.ts';
import { f32, rawFile, source } from '../support/safetensors-bytes.ts';

function entry(fields: object): string {
  return JSON.stringify({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4], ...fields } });
}

describe('safetensors', () => {
  it('reads shapes, places and metadata', async () => {
    const header = JSON.stringify({
      __metadata__: { format: 'pt' },
      a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
    });
    const file = await openSafetensors(source(rawFile(header, f32(7))));
    expect(file.metadata).toEqual({ format: 'pt' });
    expect(findTensor(file, 'a')).toMatchObject({ dtype: 'F32', shape: [1] });
    const { source: from, start, end } = findTensor(file, 'a');
    expect(toFloat32(await from.read(start, end), 'F32')).toEqual(new Float32Array([7]));
    expect(() => findTensor(file, 'z')).toThrow('test.safetensors: no tensor named z');
  });

  it.each<[string, Uint8Array<ArrayBuffer>, RegExp]>([
    ['an empty file', new Uint8Array(0), /0 bytes are too few/],
    ['a file cut in its length', new Uint8Array(7), /7 bytes are too few/],
    ['a length past the end', rawFile('{}', undefined, 1_000_000n), /a header of 1000000 bytes does not fit/],
    ['a length of 2^63', rawFile('{}', undefined, 2n ** 63n), /does not fit/],
    ['a header that is no JSON', rawFile('{"a":'), /header: not JSON/],
    ['a header that is no UTF-8', rawFile('{}').fill(0xff, 8), /header: not UTF-8/],
    ['a header that is a list', rawFile('[]'), /expected a JSON object/],
    ['an entry that is a number', rawFile('{"a":1}'), /a: expected an object/],
    [
      'an unknown type',
      rawFile(entry({ dtype: 'F8_E4M3' }), f32(1)),
      /a: number type "F8_E4M3" is not read here/,
    ],
    ['a type from the prototype', rawFile(entry({ dtype: 'toString' }), f32(1)), /"toString" is not read/],
    ['a negative size', rawFile(entry({ shape: [-1] }), f32(1)), /a: expected a shape/],
    ['a size of 1.5', rawFile(entry({ shape: [1.5] }), f32(1)), /a: expected a shape/],
    ['sizes that overflow', rawFile(entry({ shape: [2 ** 40, 2 ** 40] }), f32(1)), /the header lies/],
    ['offsets the wrong way', rawFile(entry({ data_offsets: [4, 0] }), f32(1)), /the header lies/],
    ['offsets of three', rawFile(entry({ data_offsets: [0, 2, 4] }), f32(1)), /expected data_offsets/],
    ['more shape than bytes', rawFile(entry({ shape: [2] }), f32(1)), /takes 8 bytes, its offsets say 4/],
    ['data cut off', rawFile(entry({}), f32(1).slice(0, 3)), /reach past the end/],
    [
      'tensors that overlap',
      rawFile(
        JSON.stringify({
          a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
          b: { dtype: 'F32', shape: [1], data_offsets: [4, 8] },
        }),
        f32(1, 2),
      ),
      /a and b overlap/,
    ],
  ])('refuses %s', async (_, bytes, message) => {
    const opening = openSafetensors(source(bytes));
    await expect(opening).rejects.toBeInstanceOf(FormatError);
    await expect(opening).rejects.toThrow(message);
  });
});

describe('stored numbers as f32', () => {
  it('reads every half float, as IEEE 754 says', () => {
    const all = toFloat32(new Uint8Array(Uint16Array.from({ length: 65536 }, (_, i) => i).buffer), 'F16');
    expect([all[0x3c00], all[0xc000], all[0x7bff], all[0x0001], all[0x8000]]).toEqual([
      1,
      -2,
      65504,
      2 ** -24,
      -0,
    ]);
    expect([all[0x7c00], all[0xfc00]]).toEqual([Infinity, -Infinity]);
    expect(all[0x7e00]).toBeNaN();
  });

  it('reads bf16, aligned or not', () => {
    const bytes = new Uint8Array([0, 0x80, 0x3f, 0x49, 0x40]);
    expect(toFloat32(bytes.subarray(1), 'BF16')).toEqual(new Float32Array([1, 3.140625]));
  });
});
