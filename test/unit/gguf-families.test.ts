/** Every family through GGUF and back: the same spec, and the same numbers under the same names. */
import { describe, expect, it } from 'vitest';
import { isFloat, toFloat32 } from '../../shared/formats/dtype.ts';
import { openGguf } from '../../shared/formats/gguf/open-gguf.ts';
import { isObject } from '../../shared/formats/json.ts';
import { findTensor, rowsInOrder, type TensorInfo } from '../../shared/formats/tensors.ts';
import { readSpec } from '../../shared/spec/read-spec.ts';
import { sharedMissing } from '../support/addresses.ts';
import { ggufFile, ggufSource } from '../support/gguf-bytes.ts';
import { readOriginal, toGguf } from '../support/gguf-convert.ts';

const FAMILIES = ['llama', 'llama_scaled', 'mistral', 'qwen2', 'qwen3', 'gemma3_text', 'gpt2'];

async function values(info: TensorInfo): Promise<Float32Array> {
  if (!isFloat(info.dtype)) throw new Error(info.dtype);
  return toFloat32(rowsInOrder(info, await info.source.read(info.start, info.end)), info.dtype);
}

/** gpt2's matrices are transposed in GGUF; gemma3's norms hold the gain itself. */
function undone(family: string, name: string, theirs: Float32Array, shape: readonly number[]): Float32Array {
  const [rows = 1, columns = 1] = shape;
  if (family === 'gpt2' && /c_(attn|fc|proj)\.weight$/.test(name)) {
    return theirs.map((_, i) => theirs[(i % columns) * rows + Math.floor(i / columns)] as number);
  }
  return theirs;
}

/** Plain data without what is said otherwise on purpose: names' prefix, layouts, and where the 1 of a norm is. */
function comparable(spec: unknown): unknown {
  const text = JSON.stringify(spec, (key, value: unknown) => {
    if (key === 'shapes' || key === 'layout' || key === 'offset') return undefined;
    if (typeof value === 'string') return value.replace(/^transformer\./, '');
    return value instanceof Map ? Object.fromEntries(value as ReadonlyMap<string, unknown>) : value;
  });
  const plain: unknown = JSON.parse(text);
  return plain;
}

/** Frequencies and scales went through f32 in the file. */
function expectClose(ours: unknown, theirs: unknown, place: string): void {
  if (typeof theirs === 'number' && typeof ours === 'number') {
    expect(Math.abs(ours - theirs), `${place}: ${ours}, ${theirs}`).toBeLessThanOrEqual(
      1e-6 * Math.abs(theirs),
    );
  } else if (Array.isArray(theirs) && Array.isArray(ours)) {
    expect(ours.length, place).toBe(theirs.length);
    theirs.forEach((each, i) => expectClose(ours[i], each, `${place}[${i}]`));
  } else if (isObject(theirs) && isObject(ours)) {
    expect(Object.keys(ours).sort(), place).toEqual(Object.keys(theirs).sort());
    for (const key of Object.keys(theirs)) expectClose(ours[key], theirs[key], `${place}.${key}`);
  } else expect(ours, place).toEqual(theirs);
}

describe.skipIf(sharedMissing)(`GGUF and back${sharedMissing ? `: ${sharedMissing}` : ''}`, () => {
  it.each(FAMILIES)('%s', async (family) => {
    const original = await readOriginal(`shared/goldens/${family}`);
    const opened = await openGguf(ggufSource(ggufFile(await toGguf(original))));
    const ours = await readSpec(family, opened.config, opened.tensors.tensors);
    const theirs = await readSpec(family, original.config, original.tensors.tensors);
    expectClose(comparable(ours), comparable(theirs), family);
    expect([...ours.shapes.keys()].every((name) => opened.tensors.tensors.has(name))).toBe(true);

    expect(opened.tensors.tensors.size).toBe(original.tensors.tensors.size);
    for (const info of original.tensors.tensors.values()) {
      const read = findTensor(opened.tensors, info.name.replace(/^transformer\./, ''));
      const back = undone(family, info.name, await values(read), info.shape);
      const offset = family === 'gemma3_text' && info.name.endsWith('norm.weight') ? 1 : 0;
      const expected = (await values(info)).map((x) => x + offset);
      expect(back, info.name).toEqual(expected);
    }
  });

  it('says how norms and rotary scaling are stored', async () => {
    const config = async (family: string) => {
      const file = ggufFile(await toGguf(await readOriginal(`shared/goldens/${family}`)));
      return (await openGguf(ggufSource(file))).config;
    };
    expect((await config('gemma3_text'))['residscope_norm_offset']).toBe(0);
    expect((await config('llama_scaled'))['rope_scaling']).toEqual({
      rope_type: 'llama3',
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 32,
    });
  });
});
