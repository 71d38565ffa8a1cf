/** Models on the hub, against a double with the real one's addresses, redirects and ways to say no. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  hubAddress,
  hubFiles,
  parseHubName,
  type HubName,
  type HubOptions,
} from '../../engine/hub-source.ts';
import type { RemoteFiles } from '../../engine/http-source.ts';
import { openFiles } from '../../engine/open-weights.ts';
import { resolveNode } from '../../engine/resolve-node.ts';
import { WeightStore } from '../../engine/weights.ts';
import { AccessError, CancelledError, InputError, NetworkError, NotFoundError } from '../../shared/errors.ts';
import { readSpec } from '../../shared/spec/read-spec.ts';
import { COMMIT, startHub, type HubServer } from '../support/hub-server.ts';
import { tinyFolder } from '../support/tiny-model.ts';

let folder: string;
let server: HubServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residscope-hub-'));
  await tinyFolder(join(folder, 'tiny'));
  await mkdir(join(folder, 'ggufs'));
  for (const name of ['a-Q4_0.gguf', 'a-Q8_0.gguf']) await writeFile(join(folder, 'ggufs', name), 'GGUF');
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  server = await startHub({ 'owner/tiny': join(folder, 'tiny'), 'owner/ggufs': join(folder, 'ggufs') });
});
afterEach(() => server.close());

function files(name: string, options: Partial<HubOptions> = {}): Promise<RemoteFiles> {
  const retry = { firstPause: 2, stall: 2000, ...options.retry };
  return hubFiles(parseHubName(name) as HubName, { hub: server.hub, ...options, retry });
}

/** Opens the model and fetches all its weights. */
async function fetchAll(from: RemoteFiles, signal?: AbortSignal): Promise<WeightStore> {
  const { config, configPlace, tensors } = await openFiles(from, signal);
  const weights = new WeightStore(tensors, await readSpec(configPlace, config, tensors.tensors));
  for (const part of ['embed', 'block.0', 'final', 'block.1', 'block.2']) await weights.need(part, signal);
  return weights;
}

const asked = (): string[] => server.requests.map(({ origin, path }) => `${origin} ${path}`);

describe('names', () => {
  it.each<[string, HubName | undefined]>([
    ['openai-community/gpt2', { repo: 'openai-community/gpt2', revision: undefined, gguf: undefined }],
    ['a/b.c_d-1@refs/pr/1', { repo: 'a/b.c_d-1', revision: 'refs/pr/1', gguf: undefined }],
    ['a/b/c-Q4_0.gguf@main', { repo: 'a/b', revision: 'main', gguf: 'c-Q4_0.gguf' }],
    ['gpt2', undefined],
    ['./a/b', undefined],
    ['a/b/c', undefined],
    ['a/..', undefined],
    ['a/b@..', undefined],
    ['a/b@', undefined],
    ['a/b?c', undefined],
    ['https://a/b', undefined],
    ['a/b\n', undefined],
  ])('%j', (text, name) => expect(parseHubName(text)).toEqual(name));

  it('the endpoint is an address', () => {
    expect(hubAddress('http://localhost:1/hub').href).toBe('http://localhost:1/hub/');
    for (const bad of ['', 'huggingface.co', 'file:///x', 'https://me:pw@host', 'https://host/?q']) {
      expect(() => hubAddress(bad), bad).toThrow(InputError);
    }
  });
});

describe('a model on the hub', () => {
  it('is read from one commit, resolved once, its large files from the storage', async () => {
    const from = await files('owner/tiny');
    expect([from.id, from.revision, from.pinned]).toEqual(['owner/tiny', COMMIT, true]);
    const weights = await fetchAll(from);
    expect(weights.progress.loadedBytes).toBe(weights.totalBytes);
    const [first, ...rest] = asked();
    expect(first).toBe('hub /api/models/owner/tiny/revision/main');
    expect(
      rest.filter((line) => line.startsWith('hub')).every((line) => line.includes(`/resolve/${COMMIT}/`)),
    ).toBe(true);
    expect(rest).toContain('storage /owner/tiny/model.safetensors');
  });

  it('asks for no commit where one is given', async () => {
    await (await files(`owner/tiny@${COMMIT}`)).open('config.json');
    expect(asked()).toEqual([`hub /owner/tiny/resolve/${COMMIT}/config.json`]);
  });

  it('opens from a server without the API, by the branch', async () => {
    server.behaviour.noApi = true;
    const from = await files('owner/tiny');
    expect([from.revision, from.pinned]).toEqual(['main', false]);
    await fetchAll(from);
  });

  it('opens without ranges, and over connections that break half-way', async () => {
    server.behaviour.noRanges = true;
    await fetchAll(await files('owner/tiny'));
    server.behaviour.noRanges = false;
    server.behaviour.breaks.count = 3;
    const weights = await fetchAll(await files('owner/tiny'));
    expect(await weights.hash()).toBe(await (await fetchAll(await files('owner/tiny'))).hash());
    server.behaviour.breaks.count = 100;
    await expect(files('owner/tiny').then(fetchAll)).rejects.toThrow(/broke off/);
  });

  it('waits for a busy hub, as long as that says', async () => {
    server.behaviour.busy = { count: 2, retryAfter: '0' };
    expect((await files('owner/tiny')).revision).toBe(COMMIT);
    server.behaviour.busy = { count: 9 };
    await expect(files('owner/tiny')).rejects.toThrow(/HTTP 429, too many requests/);
    server.behaviour.busy = { count: 9, retryAfter: '30' };
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 30);
    await expect(files('owner/tiny', { signal: stop.signal })).rejects.toBeInstanceOf(CancelledError);
  });

  it('ends in a typed error when the server lies about lengths', async () => {
    server.behaviour.lie = 1_000_000;
    await expect(files('owner/tiny').then(fetchAll)).rejects.toMatchObject({
      kind: expect.stringMatching(/^(network|format)$/) as string,
    });
    server.behaviour.lie = -100;
    await expect(files('owner/tiny').then(fetchAll)).rejects.toMatchObject({
      kind: expect.stringMatching(/^(network|format)$/) as string,
    });
  });

  it('says what is not there', async () => {
    await expect(files('owner/none')).rejects.toThrow(
      /owner\/none: no such model on localhost:\d+, or a private one: .*give an access token/,
    );
    await expect(files('owner/none')).rejects.toBeInstanceOf(NotFoundError);
    await expect(files('owner/tiny@v9')).rejects.toThrow('owner/tiny: no such revision');
    const from = await files('owner/tiny');
    await expect(from.open('nope.json')).rejects.toThrow('owner/tiny/nope.json: not there (HTTP 404)');
  });

  it('of several .gguf files asks which', async () => {
    const from = await files('owner/ggufs');
    await expect(openFiles(from)).rejects.toThrow(
      'name the one to open, as owner/ggufs/a-Q4_0.gguf: a-Q4_0.gguf, a-Q8_0.gguf',
    );
    expect((await files('owner/ggufs/a-Q8_0.gguf')).gguf).toBe('a-Q8_0.gguf');
    expect(await (await files(`owner/ggufs@${COMMIT}`)).list?.()).toEqual(['a-Q4_0.gguf', 'a-Q8_0.gguf']);
  });
});

describe('a gated model', () => {
  beforeEach(() => void server.behaviour.gated.set('owner/tiny', 'hf_secret'));

  it('is refused with the way in', async () => {
    const closed = files('owner/tiny');
    await expect(closed).rejects.toBeInstanceOf(AccessError);
    await expect(closed).rejects.toThrow(
      /HTTP 401.*gated or private: see http:\/\/localhost:\d+\/owner\/tiny: accept its licence there, then give an access token/,
    );
    const wrong = files('owner/tiny', { token: 'hf_wrong' });
    await expect(wrong).rejects.toThrow(/HTTP 403.*the token that was given is not enough/);
    await expect(wrong).rejects.not.toThrow(/hf_wrong/);
  });

  it('opens with a token, which the hub gets and the storage never', async () => {
    await fetchAll(await files('owner/tiny', { token: 'hf_secret' }));
    const tokens = (origin: string) =>
      new Set(server.requests.filter((r) => r.origin === origin).map((r) => r.authorization));
    expect(tokens('hub')).toEqual(new Set(['Bearer hf_secret']));
    expect(tokens('storage')).toEqual(new Set([undefined]));
  });

  it('refuses what can’t be a token, without repeating it', async () => {
    const bad = files('owner/tiny', { token: 'hf_secret\r\nx: y' });
    await expect(bad).rejects.toBeInstanceOf(InputError);
    await expect(bad).rejects.not.toThrow(/secret/);
  });
});

describe('strings in Node', () => {
  const how = { signal: undefined, token: undefined };
  const before = process.env['HF_ENDPOINT'];
  afterEach(() => {
    if (before === undefined) delete process.env['HF_ENDPOINT'];
    else process.env['HF_ENDPOINT'] = before;
  });

  it('a hub id by HF_ENDPOINT, an address, a folder, a .gguf file', async () => {
    process.env['HF_ENDPOINT'] = server.hub.href;
    expect(await resolveNode('owner/tiny', how)).toMatchObject({ id: 'owner/tiny', revision: COMMIT });
    const address = `${server.hub.href}owner/tiny/resolve/main`;
    await openFiles(await resolveNode(address, how));
    const here = join(folder, 'tiny');
    await openFiles(await resolveNode(here, how));
    const gguf = join(folder, 'ggufs', 'a-Q4_0.gguf');
    expect(await resolveNode(gguf, how)).toMatchObject({ id: gguf, gguf: 'a-Q4_0.gguf' });
    await expect(resolveNode(join(here, 'config.json'), how)).rejects.toThrow('a file, but not a .gguf one');
    process.env['HF_ENDPOINT'] = 'nonsense';
    await expect(resolveNode('owner/tiny', how)).rejects.toThrow('HF_ENDPOINT: expected an address');
  });

  it('a folder of that name wins over the hub', async () => {
    process.env['HF_ENDPOINT'] = server.hub.href;
    const name = 'test/unit'; // a folder here, and a name that a hub may have
    expect((await resolveNode(name, how)).revision).toBeUndefined();
    expect(server.requests).toEqual([]);
  });

  it('a hub out of reach', async () => {
    await server.close();
    const opening = files('owner/tiny');
    await expect(opening).rejects.toBeInstanceOf(NetworkError);
    await expect(opening).rejects.toThrow(/no answer from localhost:\d+ .*ECONNREFUSED/);
    server = await startHub({});
  });
});
