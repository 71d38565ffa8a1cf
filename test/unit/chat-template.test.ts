/** A chat template in a file of its own: from a folder, dropped files, and the hub. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModelFiles } from '../../engine/api.ts';
import { blobFiles } from '../../engine/blob-source.ts';
import { readChatTemplate } from '../../engine/chat-template.ts';
import { folderFiles } from '../../engine/folder-source.ts';
import { hubFiles } from '../../engine/hub-source.ts';
import { openFiles } from '../../engine/open-weights.ts';
import { FormatError, InputError, NetworkError } from '../../shared/errors.ts';
import { startHub } from '../support/hub-server.ts';
import { tinyFolder, tinyWeights, TINY_CONFIG } from '../support/tiny-model.ts';

const JINJA = '{% for m in messages %}{{ m.content }} – ☃{% endfor %}';
const CONFIG = { bos_token: '<s>', eos_token: { content: '</s>' } };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residscope-chat-'));
  await tinyFolder(folder);
  await write('tokenizer_config.json', JSON.stringify(CONFIG));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function write(name: string, content: string | Uint8Array): Promise<void> {
  return writeFile(join(folder, name), content);
}

async function templateOf(files: ModelFiles): Promise<ReturnType<typeof readChatTemplate>> {
  return readChatTemplate((await openFiles(files)).tokenizerConfig);
}

describe('chat_template.jinja', () => {
  it('in a folder, with the tokens of tokenizer_config.json', async () => {
    await write('chat_template.jinja', JINJA);
    expect(await templateOf(folderFiles('m', folder))).toEqual({
      template: JINJA,
      bosToken: '<s>',
      eosToken: '</s>',
    });
  });

  it('gives way to the one in tokenizer_config.json', async () => {
    await write('chat_template.jinja', JINJA);
    await write('tokenizer_config.json', JSON.stringify({ ...CONFIG, chat_template: 'mine' }));
    expect((await templateOf(folderFiles('m', folder)))?.template).toBe('mine');
  });

  it('is not missed where there is none', async () => {
    expect(await templateOf(folderFiles('m', folder))).toBeUndefined();
  });

  it('among dropped files, without a tokenizer_config.json too', async () => {
    const entry = (path: string, content: string | Uint8Array<ArrayBuffer>) => ({
      path: `m/${path}`,
      blob: new Blob([content]),
    });
    const files = blobFiles([
      entry('config.json', JSON.stringify(TINY_CONFIG)),
      entry('tokenizer.json', '{}'),
      entry('model.safetensors', tinyWeights()),
      entry('chat_template.jinja', JINJA),
    ]);
    expect(await templateOf(files)).toEqual({ template: JINJA, bosToken: '', eosToken: '' });
  });

  it('on the hub', async () => {
    await write('chat_template.jinja', JINJA);
    const server = await startHub({ 'owner/chat': folder });
    try {
      const name = { repo: 'owner/chat', revision: undefined, gguf: undefined };
      const files = await hubFiles(name, { hub: server.hub });
      expect((await templateOf(files))?.template).toBe(JINJA);
    } finally {
      await server.close();
    }
  });

  it('out of reach is no reason not to open what is here', async () => {
    const here = folderFiles('m', folder);
    const files: ModelFiles = {
      ...here,
      open: (file, signal) =>
        file.endsWith('.jinja') ? Promise.reject(new NetworkError('offline')) : here.open(file, signal),
    };
    expect(await templateOf(files)).toBeUndefined();
  });

  it('too large, or no text, is refused by name', async () => {
    await write('chat_template.jinja', new Uint8Array([0x61, 0xff]));
    const opening = openFiles(folderFiles('m', folder));
    await expect(opening).rejects.toThrow(new FormatError('m/chat_template.jinja: expected text in UTF-8'));
    await write('chat_template.jinja', 'x'.repeat(2 ** 20 + 1));
    await expect(openFiles(folderFiles('m', folder))).rejects.toBeInstanceOf(InputError);
  });
});
