/** Tokenizers of hub models at the edge: versions, caches, refusals, and ids as the goldens have them. */
import { readFile, mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../../worker/app.ts';
import { ByteLru } from '../../worker/byte-lru.ts';
import { CachedFiles } from '../../worker/cached-files.ts';
import { hubSettings } from '../../worker/hub/settings.ts';
import { HubTokenizers } from '../../worker/hub/tokenizers.ts';
import { EmbeddedTokenizers } from '../../worker/models.ts';
import type { FileCache, PromptStore } from '../../worker/ports.ts';
import { AllTokenizers } from '../../worker/tokenizers.ts';
import { pathOf, sharedMissing } from '../support/addresses.ts';
import { COMMIT, startHub, type HubServer } from '../support/hub-server.ts';
import { tokenizerCases, utf16Offsets } from '../cases/tokenizer.ts';
import { fableJson } from '../support/tokenizer-kinds.ts';

class MemoryFiles implements FileCache {
  readonly entries = new Map<string, Uint8Array<ArrayBuffer>>();
  get = (name: string) => Promise.resolve(this.entries.get(name));
  put = (name: string, bytes: Uint8Array<ArrayBuffer>) => {
    this.entries.set(name, bytes);
    return Promise.resolve();
  };
}

class MemoryPrompts implements PromptStore {
  readonly entries = new Map<string, string>();
  gets = 0;
  get = (key: string) => {
    this.gets++;
    return Promise.resolve(this.entries.get(key));
  };
  put = (key: string, value: string) => {
    this.entries.set(key, value);
    return Promise.resolve();
  };
}

let folder = '';
let hub: HubServer;
let files: MemoryFiles;
let prompts: MemoryPrompts;
let parsed: string[];
let now: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residscope-hub-'));
  const repo = async (name: string, content: Readonly<Record<string, string>>) => {
    await mkdir(join(folder, name));
    for (const [file, text] of Object.entries(content)) await writeFile(join(folder, name, file), text);
    return join(folder, name);
  };
  const fable = JSON.stringify(fableJson());
  hub = await startHub({
    'owner/fable': await repo('fable', { 'tokenizer.json': fable }),
    'owner/other': await repo('other', { 'tokenizer.json': fable }),
    'owner/gated': await repo('gated', { 'tokenizer.json': fable }),
    'owner/none': await repo('none', { 'config.json': '{}' }),
    'owner/unigram': await repo('unigram', { 'tokenizer.json': '{"model":{"type":"Unigram","vocab":[]}}' }),
    'owner/broken': await repo('broken', { 'tokenizer.json': '{"model":' }),
    'openai-community/gpt2': pathOf('shared/tokenizers/gpt2'),
    'HuggingFaceTB/SmolLM2-135M-Instruct': pathOf('shared/models/smollm2-135m-instruct'),
  });
});
afterAll(async () => {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  files = new MemoryFiles();
  prompts = new MemoryPrompts();
  parsed = [];
  now = 0;
  hub.requests.length = 0;
  hub.behaviour.gated = new Map([['owner/gated', 'token']]);
  hub.behaviour.busy = { count: 0 };
  hub.behaviour.redirects.clear();
});

/** A fresh isolate in front of the same stores. */
function isolate(variables: Record<string, string> = {}) {
  const settings = hubSettings({
    HF_ENDPOINT: hub.hub.href,
    HUB_HOSTS: hub.storage.host,
    HUB_MODELS: 'owner/*,openai-community/*,HuggingFaceTB/*',
    ...variables,
  });
  const source = new HubTokenizers({
    settings,
    files,
    log: { write: () => undefined },
    now: () => now,
    onParse: ({ id }) => parsed.push(id),
  });
  const embedded = new EmbeddedTokenizers(() => Promise.reject(new Error('not here')));
  const app = createApp({
    prompts,
    promptBytes: settings.promptBytes,
    tokenizers: new AllTokenizers(embedded, source),
    log: { write: () => undefined },
  });
  const call = async (path: string, init?: RequestInit) => {
    const response = await app.request(path, init);
    const json = (await response.json()) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, json };
  };
  const tokenize = (model: string, text = 'The end') =>
    call('/v1/tokenize', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ model, text }),
    });
  return { app, source, call, tokenize };
}

const asked = (): string[] => hub.requests.map(({ method, path }) => `${method} ${path}`);

describe('a model of the hub', () => {
  it('is resolved to a commit, fetched once and parsed once', async () => {
    const { tokenize } = isolate();
    const first = await tokenize('owner/fable');
    expect(first.json).toMatchObject({ model: 'owner/fable', revision: COMMIT, cached: false });
    expect(asked()).toEqual([
      'HEAD /owner/fable/resolve/main/tokenizer.json',
      `GET /owner/fable/resolve/${COMMIT}/tokenizer.json`,
      `GET /owner/fable/resolve/${COMMIT}/tokenizer_config.json`,
    ]);
    expect((await tokenize('owner/fable@main', 'another')).json).toMatchObject({ revision: COMMIT });
    expect((await tokenize(`owner/fable@${COMMIT}`, 'a third')).status).toBe(200);
    expect(parsed).toEqual(['owner/fable']);
    // A commit needs no asking, and `main` is the branch that was asked for.
    expect(hub.requests.length).toBe(3);
  });

  it('costs another isolate neither the hub nor, for a known prompt, a parse', async () => {
    const cold = await isolate().tokenize('owner/fable');
    hub.requests.length = 0;
    const other = isolate();
    const warm = await other.tokenize('owner/fable');
    expect(warm.json).toEqual({ ...cold.json, cached: true });
    expect([hub.requests.length, parsed.length]).toEqual([0, 1]);
    // The same again comes from the isolate's own memory.
    const { gets } = prompts;
    await other.tokenize('owner/fable');
    expect(prompts.gets).toBe(gets);
    await other.tokenize('owner/fable', 'new');
    expect([hub.requests.length, parsed.length]).toEqual([0, 2]);
  });

  it('is another model than one of the same files', async () => {
    const { tokenize } = isolate();
    await tokenize('owner/fable');
    expect((await tokenize('owner/other')).json).toMatchObject({ cached: false });
    expect(prompts.entries.size).toBe(2);
  });

  it('is asked for again when its branch may have moved; a hub that is down then costs nothing', async () => {
    const { tokenize } = isolate();
    await tokenize('owner/fable');
    files.entries.clear();
    now = 301_000;
    hub.requests.length = 0;
    hub.behaviour.busy = { count: 1 };
    expect((await tokenize('owner/fable')).json).toMatchObject({ cached: true, revision: COMMIT });
    expect(asked()).toEqual(['HEAD /owner/fable/resolve/main/tokenizer.json']);
  });

  it('works without a cache of files', async () => {
    files.get = () => Promise.reject(new Error('down'));
    files.put = () => Promise.reject(new Error('down'));
    expect((await isolate().tokenize('owner/fable')).status).toBe(200);
  });

  it('is dropped when others take the room', async () => {
    const size = JSON.stringify(fableJson()).length * 12;
    const { tokenize } = isolate({ TOKENIZER_BYTES: String(Math.ceil(size * 1.5)) });
    for (const model of ['fable', 'other', 'fable']) await tokenize(`owner/${model}`, `${parsed.length}`);
    expect(parsed).toEqual(['owner/fable', 'owner/other', 'owner/fable']);
  });

  it('answers many first requests at once, each by itself', async () => {
    const { tokenize } = isolate();
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => tokenize('owner/fable', `n ${i}`)));
    expect(answers.map(({ status }) => status)).toEqual(new Array(8).fill(200));
  });
});

describe('a refusal', () => {
  it.each([
    ['owner/missing', 404, 'unknown-model', /no such model, or a private one/],
    ['owner/fable@nowhere', 404, 'unknown-model', /no such revision/],
    ['owner/gated', 403, 'gated-model', /accepted its licence/],
    ['owner/none', 422, 'unsupported-model', /has no tokenizer\.json/],
    ['owner/unigram', 422, 'unsupported-model', /Unigram.*is not supported/],
    ['owner/broken', 422, 'unsupported-model', /not JSON/],
    ['someone/else', 404, 'unknown-model', /^model: expected one of fable-4m/],
    ['owner/fable/file.gguf', 404, 'unknown-model', /^model: expected one of/],
    ['../owner/fable', 404, 'unknown-model', /^model: expected one of/],
    ['owner/fable@../../api', 404, 'unknown-model', /^model: expected one of/],
    ['owner/fable?x', 404, 'unknown-model', /^model: expected one of/],
  ])('of %s is %s %s', async (model, status, kind, detail) => {
    const { tokenize } = isolate();
    const answer = await tokenize(model);
    expect(answer.json).toMatchObject({ status, type: `urn:residscope:problem:${kind}` });
    expect(answer.json['detail']).toMatch(detail);
    const before = hub.requests.length;
    // Nobody makes the server ask in a loop.
    expect((await tokenize(model)).json).toEqual(answer.json);
    expect(hub.requests.length).toBe(before);
    expect(hub.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it('is forgotten after a minute', async () => {
    const { tokenize } = isolate();
    expect((await tokenize('owner/gated')).status).toBe(403);
    hub.behaviour.gated.clear();
    expect((await tokenize('owner/gated')).status).toBe(403);
    now = 61_000;
    expect((await tokenize('owner/gated')).status).toBe(200);
  });

  it('of a busy hub says when to come back, and is not remembered', async () => {
    const { tokenize } = isolate();
    hub.behaviour.busy = { count: 1, retryAfter: '12' };
    const answer = await tokenize('owner/fable');
    expect([answer.status, answer.headers.get('Retry-After')]).toEqual([502, '12']);
    expect((await tokenize('owner/fable')).status).toBe(200);
  });

  it('of a file that is too large names the limit', async () => {
    const answer = await isolate({ HUB_FILE_BYTES: '1000' }).tokenize('owner/fable');
    expect(answer.json).toMatchObject({ status: 422, limit: 1000 });
    expect(answer.json['detail']).toMatch(/expected at most 1000 bytes/);
  });

  it('of a redirect elsewhere asks nothing there', async () => {
    const path = `/owner/fable/resolve/${COMMIT}/tokenizer.json`;
    hub.behaviour.redirects.set(path, 'http://127.0.0.1:1/secret');
    const answer = await isolate().tokenize('owner/fable');
    expect(answer.json).toMatchObject({ status: 502, type: 'urn:residscope:problem:hub-failed' });
  });
});

describe('the list of models', () => {
  it('has the embedded ones and those of the catalogue that the server may fetch', async () => {
    const models = async (HUB_MODELS: string) =>
      (await isolate({ HUB_MODELS }).call('/v1/models')).json['models'] as Record<string, unknown>[];
    expect((await models('none')).map(({ id }) => id)).toEqual(['fable-4m']);
    const [, gpt2] = await models('openai-community/gpt2');
    expect(gpt2).toEqual({
      id: 'openai-community/gpt2',
      source: 'hub',
      family: 'gpt2',
      license: 'MIT',
      gated: false,
      parameters: 124_439_808,
      layers: 12,
      width: 768,
      vocabSize: 50_257,
      weightBytes: 497_759_232,
      files: `${hub.hub.href}openai-community/gpt2/resolve/main/`,
    });
    const llama = (await models('meta-llama/*'))[1];
    expect(llama).toMatchObject({ gated: true, license: 'LicenseRef-Llama-3.2' });
  });
});

describe.skipIf(sharedMissing)(
  `goldens through the API${sharedMissing ? ` (skipped: ${sharedMissing})` : ''}`,
  () => {
    it.each([
      ['openai-community/gpt2', 'shared/tokenizers/gpt2/golden.json'],
      ['HuggingFaceTB/SmolLM2-135M-Instruct', 'shared/models/smollm2-135m-instruct/tokenizer-golden.json'],
    ])('%s', async (model, golden) => {
      const cases = tokenizerCases(JSON.parse(await readFile(pathOf(golden), 'utf8')));
      const { call } = isolate();
      for (let at = 0; at < cases.length; at += 64) {
        const some = cases.slice(at, at + 64);
        const { status, json } = await call('/v1/tokenize', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ model, texts: some.map(({ text }) => text) }),
        });
        expect(status).toBe(200);
        const results = json['results'] as Record<string, unknown>[];
        const got = results.map(({ ids, tokens, offsets }) => ({ ids, tokens, offsets }));
        const wanted = some.map((one) => ({ ids: one.ids, tokens: one.tokens, offsets: utf16Offsets(one) }));
        expect(got).toEqual(wanted);
      }
      expect(parsed).toEqual([model]);
    });
  },
);

describe('memory bounded in bytes', () => {
  it('drops what was used longest ago, and never takes what is too large', () => {
    const lru = new ByteLru<string>(100);
    lru.set('a', 'A', 40);
    lru.set('b', 'B', 40);
    expect(lru.get('a')).toBe('A');
    lru.set('c', 'C', 40);
    expect([lru.get('a'), lru.get('b'), lru.get('c'), lru.bytes]).toEqual(['A', undefined, 'C', 80]);
    lru.set('a', 'A2', 10);
    expect([lru.get('a'), lru.bytes]).toEqual(['A2', 50]);
    lru.set('d', 'D', 101);
    expect([lru.get('d'), lru.get('c'), lru.bytes]).toEqual([undefined, 'C', 50]);
    lru.delete('c');
    lru.delete('c');
    expect(lru.bytes).toBe(10);
  });

  it('keeps files until their time is over', async () => {
    const kept = new Map<string, [Headers, ArrayBuffer]>();
    const cache = {
      match: (address: string) => {
        const [headers, body] = kept.get(address) ?? [];
        return Promise.resolve(headers && new Response(body ?? null, { headers }));
      },
      put: async (address: string, response: Response) => {
        kept.set(address, [response.headers, await response.arrayBuffer()]);
      },
    };
    let clock = 1_000_000;
    const cached = new CachedFiles(cache, () => clock);
    await cached.put('a name/with @things?', new Uint8Array([1, 2]), 10);
    expect(await cached.get('a name/with @things?')).toEqual(new Uint8Array([1, 2]));
    expect(await cached.get('another')).toBeUndefined();
    clock += 10_000;
    expect(await cached.get('a name/with @things?')).toBeUndefined();
    expect([...kept.keys()].every((address) => URL.canParse(address))).toBe(true);
  });
});
