/** The edge's app on ports of memory: what the platform must not have to do, and what happens when it fails. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TokenizerPort } from '../../shared/tokenizer/encoding.ts';
import { Tokenizer } from '../../shared/tokenizer/tokenizer.ts';
import { createApp } from '../../worker/app.ts';
import { matchingTag } from '../../worker/etag.ts';
import { EMBEDDED_MODELS, EmbeddedTokenizers } from '../../worker/models.ts';
import type { ModelVersion, PromptStore, TokenizerSource } from '../../worker/ports.ts';
import { ROOT } from '../support/addresses.ts';
import { fableJson } from '../support/tokenizer-kinds.ts';

const SITE = `${ROOT}/site/public`;

class MemoryPrompts implements PromptStore {
  readonly entries = new Map<string, string>();

  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.entries.get(key));
  }

  put(key: string, value: string): Promise<void> {
    this.entries.set(key, value);
    return Promise.resolve();
  }
}

/** fable-4m, counting how often it is asked for. */
class CountedTokenizers implements TokenizerSource {
  loads = 0;
  readonly #tokenizer: TokenizerPort = Tokenizer.fromJson(fableJson(), null, 'fable-4m');

  models() {
    return EMBEDDED_MODELS;
  }

  resolve(id: string): Promise<ModelVersion> {
    return Promise.resolve({ id, key: 'k' });
  }

  load(): Promise<TokenizerPort> {
    this.loads++;
    return Promise.resolve(this.#tokenizer);
  }
}

const PATH = '/v1/tokenize?model=fable-4m&text=The+end';

let prompts = new MemoryPrompts();
let tokenizers = new CountedTokenizers();
beforeEach(() => {
  prompts = new MemoryPrompts();
  tokenizers = new CountedTokenizers();
});
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue());
afterEach(() => vi.restoreAllMocks());

async function get(path: string, headers: Record<string, string> = {}) {
  const response = await createApp({ prompts, tokenizers }).request(path, { headers });
  return {
    status: response.status,
    cache: response.headers.get('X-Cache'),
    headers: response.headers,
    text: await response.text(),
  };
}

describe('a warm answer', () => {
  it('needs no tokenizer, and neither does a 304', async () => {
    const { headers } = await get(PATH);
    expect(tokenizers.loads).toBe(1);
    expect((await get(PATH)).cache).toBe('hit');
    expect((await get(PATH, { 'If-None-Match': headers.get('ETag') ?? '' })).status).toBe(304);
    expect(tokenizers.loads).toBe(1);
  });

  it('is kept under a name that nothing but the content decides', async () => {
    await get(PATH);
    await get('/v1/tokenize?model=fable-4m&text=The+end&bos=false');
    await get('/v1/tokenize?model=fable-4m&text=The+end%0Afalse');
    expect(prompts.entries.size).toBe(3);
    for (const key of prompts.entries.keys()) expect(key).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('a store', () => {
  it.each(['', 'null', '{', '{"ids":[1]}', '{"ids":["x"],"tokens":[],"offsets":[]}'])(
    'with a damaged entry %j is a store without it',
    async (damage) => {
      const first = await get(PATH);
      const [key] = prompts.entries.keys();
      prompts.entries.set(key ?? '', damage);
      expect(await get(PATH)).toMatchObject({ status: 200, cache: 'miss', text: first.text });
      expect((await get(PATH)).cache).toBe('hit');
    },
  );

  it('that fails costs the cache only', async () => {
    const log = vi.spyOn(console, 'error').mockReturnValue();
    vi.spyOn(prompts, 'get').mockRejectedValue(new Error('down'));
    vi.spyOn(prompts, 'put').mockRejectedValue(new Error('down'));
    expect(await get(PATH)).toMatchObject({ status: 200, cache: 'miss' });
    expect(log).toHaveBeenCalledTimes(2);
    expect(JSON.parse(String(log.mock.calls[0]?.[0]))).toMatchObject({
      event: 'prompt store',
      message: 'down',
    });
  });
});

describe('a tokenizer that does not load', () => {
  it('is a 500 that tells nothing of the inside, and the next request tries again', async () => {
    const log = vi.spyOn(console, 'error').mockReturnValue();
    vi.spyOn(tokenizers, 'load').mockRejectedValueOnce(new Error('secret path /srv/x'));
    const failed = await get(PATH);
    expect(failed.status).toBe(500);
    expect(failed.headers.get('Content-Type')).toBe('application/problem+json');
    expect(failed.headers.get('Access-Control-Allow-Origin')).toBe('*');
    expect(failed.text).not.toContain('secret');
    expect(log).toHaveBeenCalledOnce();
    expect((await get(PATH)).status).toBe(200);
  });
});

describe('embedded models', () => {
  const sha256 = (...files: string[]): string => {
    const hash = createHash('sha256');
    for (const file of files) hash.update(readFileSync(file));
    return hash.digest('hex');
  };

  it.each(EMBEDDED_MODELS)('$id is what the site ships', async (model) => {
    const folder = `${SITE}${model.files}`;
    expect(statSync(`${folder}model.safetensors`).size).toBe(model.weightBytes);
    expect(statSync(`${folder}tokenizer.json`).size).toBe(model.tokenizerBytes);
    expect(sha256(`${folder}tokenizer.json`, `${folder}tokenizer_config.json`)).toBe(model.tokenizerHash);
    const config: unknown = JSON.parse(readFileSync(`${folder}config.json`, 'utf8'));
    expect(config).toMatchObject({
      model_type: model.family,
      n_layer: model.layers,
      n_embd: model.width,
      n_ctx: model.contextLength,
      vocab_size: model.vocabSize,
    });
    const source = new EmbeddedTokenizers((path) =>
      Promise.resolve(JSON.parse(readFileSync(SITE + path, 'utf8'))),
    );
    expect((await source.load(await source.resolve(model.id))).vocabSize).toBe(model.vocabSize);
  });

  it('are read once, and again after a failure', async () => {
    const read = vi.fn((path: string) =>
      Promise.resolve<unknown>(JSON.parse(readFileSync(SITE + path, 'utf8'))),
    );
    const source = new EmbeddedTokenizers(read);
    const fable = await source.resolve('fable-4m');
    read.mockRejectedValueOnce(new Error('gone'));
    await expect(source.load(fable)).rejects.toThrow('gone');
    const first = await source.load(fable);
    const calls = read.mock.calls.length;
    expect(await source.load(fable)).toBe(first);
    expect(read.mock.calls.length).toBe(calls);
    await expect(source.resolve('gpt2')).rejects.toThrow('model: expected one of fable-4m, got "gpt2"');
  });
});

describe('If-None-Match', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['"b"', '"b"'],
    ['W/"a"', '"a"'],
    ['"x", "b" , W/"y"', '"b"'],
    ['*', '"a"'],
    ['a', undefined],
    ['"a', undefined],
    ['"ab"', undefined],
  ])('%s', (header, tag) => {
    expect(matchingTag(header, ['"a"', '"b"'])).toBe(tag);
  });
});
