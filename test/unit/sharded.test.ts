/** Sharded safetensors: good ones, and an index that lies. */
import { describe, expect, it } from 'vitest';
import { FormatError, NotFoundError } from '../../shared/errors.ts';
import { MemorySource, type ByteSource } from '../../shared/formats/byte-source.ts';
import { openSharded } from '../../shared/formats/sharded.ts';
import type { TensorSet } from '../../shared/formats/tensors.ts';
import { f32, goodFile } from '../support/safetensors-bytes.ts';

const one = { dtype: 'F32', shape: [2], bytes: f32(1, 2) };
const SHARDS: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  'model-1.safetensors': goodFile({ a: one, b: one }),
  'model-2.safetensors': goodFile({ c: { dtype: 'F32', shape: [1], bytes: f32(3) } }),
  'again.safetensors': goodFile({ c: one, d: one }),
};
const GOOD = { a: 'model-1.safetensors', b: 'model-1.safetensors', c: 'model-2.safetensors' };

let [opened, openNow, mostOpen]: [string[], number, number] = [[], 0, 0];

async function open(file: string): Promise<ByteSource> {
  opened.push(file);
  mostOpen = Math.max(mostOpen, ++openNow);
  await new Promise((resolve) => setTimeout(resolve, 1));
  openNow--;
  const bytes = SHARDS[file] ?? (file.startsWith('many-') ? goodFile({ [file]: one }) : undefined);
  if (!bytes) throw new NotFoundError(`m/${file}: not there`);
  return new MemorySource(`m/${file}`, bytes);
}

function openIndex(index: unknown): Promise<TensorSet> {
  [opened, openNow, mostOpen] = [[], 0, 0];
  const bytes = new TextEncoder().encode(typeof index === 'string' ? index : JSON.stringify(index));
  return openSharded(new MemorySource('m/index.json', bytes), open);
}

describe('sharded safetensors', () => {
  it('are one set of tensors, each in its own file', async () => {
    const set = await openIndex({ metadata: { total_size: 20 }, weight_map: GOOD });
    expect([...set.tensors.keys()]).toEqual(['a', 'b', 'c']);
    expect(set.tensors.get('c')?.source.name).toBe('m/model-2.safetensors');
    expect(opened).toEqual(['model-1.safetensors', 'model-2.safetensors']);
  });

  it('open few at a time', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `many-${i}.safetensors`);
    const set = await openIndex({ weight_map: Object.fromEntries(names.map((name) => [name, name])) });
    expect(set.tensors.size).toBe(30);
    expect(mostOpen).toBe(4);
  });

  it.each<[string, unknown, RegExp]>([
    ['no map', { metadata: {} }, /weight_map: expected an object/],
    ['an empty map', { weight_map: {} }, /names no tensor/],
    ['no JSON', '{', /not JSON/],
    ['a tensor that its shard does not have', { weight_map: { ...GOOD, x: 'model-2.safetensors' } }, /x is not in m\/model-2/],
    ['a tensor in two shards', { weight_map: { ...GOOD, d: 'again.safetensors' } }, /c is in m\/model-2.safetensors too/],
    ['more files than a model has', { weight_map: Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`${i}`, `${i}.safetensors`])) }, /1001 files/],
  ])('refuse an index with %s', async (_, index, message) => {
    const opening = openIndex(index);
    await expect(opening).rejects.toBeInstanceOf(FormatError);
    await expect(opening).rejects.toThrow(message);
  }); // prettier-ignore

  it.each(['../x.safetensors', 'a/x.safetensors', '/etc/x.safetensors', 'https://host/x.safetensors', 'a\\x.safetensors',
    '%2e%2e%2fx.safetensors', '..safetensors', '.safetensors', 'x.bin', '', 'x.safetensors\n', `${'x'.repeat(300)}.safetensors`, 7, null, ['x.safetensors']])('refuse the name %j, and ask for nothing', async (name) => {
    await expect(openIndex({ weight_map: { ...GOOD, x: name } })).rejects.toThrow(/x: expected the name of a \.safetensors file/);
    expect(opened).toEqual([]);
  }); // prettier-ignore

  it('name the shard that is missing', async () => {
    const opening = openIndex({ weight_map: { ...GOOD, x: 'model-3.safetensors' } });
    await expect(opening).rejects.toBeInstanceOf(NotFoundError);
    await expect(opening).rejects.toThrow('m/index.json names model-3.safetensors, which is not there');
  });

  it('take names that JavaScript has for its own', async () => {
    const map = '{"weight_map":{"__proto__":"model-1.safetensors"}}';
    await expect(openIndex(map)).rejects.toThrow('__proto__ is not in m/model-1.safetensors');
  });
});
