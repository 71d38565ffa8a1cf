/** Dropped and picked files: which of them are the model. */
import { describe, expect, it } from 'vitest';
import { blobFiles, fileEntries, type FileEntry } from '../../engine/blob-source.ts';
import { openFiles } from '../../engine/open-weights.ts';
import { CancelledError, FormatError, InputError, NotFoundError } from '../../shared/errors.ts';
import { TINY_CONFIG, tinyWeights } from '../support/tiny-model.ts';

const config = JSON.stringify(TINY_CONFIG);

function entries(...paths: string[]): FileEntry[] {
  return paths.map((path) => {
    const content = path.endsWith('.safetensors')
      ? tinyWeights()
      : path.endsWith('config.json')
        ? config
        : '{}';
    return { path, blob: new Blob([content]) };
  });
}

describe('dropped files', () => {
  it.each<[string, string[], string]>([
    ['a folder', ['gpt2/config.json', 'gpt2/tokenizer.json', 'gpt2/model.safetensors'], 'gpt2'],
    ['loose files', ['config.json', 'tokenizer.json', 'model.safetensors'], 'dropped model'],
    ['a folder in a folder', ['a/x.txt', 'a/b/config.json', 'a/b/tokenizer.json', 'a/b/model.safetensors'], 'b'],
    ['one with configs of parts below', ['m/config.json', 'm/tokenizer.json', 'm/model.safetensors', 'm/onnx/config.json', 'm/x.gguf'], 'm'],
  ])('%s', async (_, paths, id) => {
    const files = blobFiles(entries(...paths));
    expect([files.id, files.gguf]).toEqual([id, undefined]);
    const { tensors } = await openFiles(files);
    const wte = tensors.tensors.get('wte.weight');
    expect(wte?.source.local).toBe(true);
    expect((await wte?.source.read(wte.start, wte.end))?.byteLength).toBe(20 * 8 * 4);
    await expect(files.open('../x.txt')).rejects.toBeInstanceOf(NotFoundError);
  }); // prettier-ignore

  it('a .gguf file, alone or with a config beside it', () => {
    expect(blobFiles(entries('x-Q4_0.gguf'))).toMatchObject({ id: 'x-Q4_0.gguf', gguf: 'x-Q4_0.gguf' });
    expect(blobFiles(entries('m/config.json', 'm/tokenizer.json', 'm/x.gguf')).gguf).toBe('x.gguf');
  });

  it('nothing that opens, or too much', () => {
    expect(() => blobFiles([])).toThrow(/no model in them: expected a folder with config.json/);
    expect(() => blobFiles(entries('a.png'))).toThrow(NotFoundError);
    expect(() => blobFiles(entries('a.gguf', 'b.gguf'))).toThrow(InputError);
    expect(() => blobFiles(entries('x/a/config.json', 'x/b/config.json'))).toThrow(
      'several models (x/a/, x/b/): drop one',
    );
  });

  it('tells of bytes, stops when cancelled, and says when a file went away', async () => {
    const source = await blobFiles(entries('m/config.json', 'm/model.safetensors')).open('model.safetensors');
    let told = 0;
    await source.read(0, source.size, undefined, (more) => (told += more));
    expect(told).toBe(source.size);
    const stop = new AbortController();
    stop.abort();
    await expect(source.read(0, 10, stop.signal)).rejects.toBeInstanceOf(CancelledError);
    const gone = Object.assign(new Blob(['abcd']), {
      slice: () => ({ arrayBuffer: () => Promise.reject(new Error('NotReadableError')) }),
    });
    const moved = await blobFiles([...entries('config.json'), { path: 'x', blob: gone }]).open('x');
    await expect(moved.read(0, 4)).rejects.toBeInstanceOf(FormatError);
    await expect(moved.read(0, 4)).rejects.toThrow('was it moved or changed? Drop it again.');
  });

  it('paths of an input element', () => {
    const file = (name: string, webkitRelativePath: string): File =>
      Object.assign(new File([], name), { webkitRelativePath });
    expect(fileEntries([file('a', 'm/a'), file('b', '')]).map(({ path }) => path)).toEqual(['m/a', 'b']);
  });
});
