/** What a server still knows after it was stopped and started again on the same stores, on every platform. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { post, request } from '../cases/http-client.ts';
import { pathOf } from '../support/addresses.ts';
import { COMMIT, type HubServer, startHub } from '../support/hub-server.ts';
import { PLATFORMS } from '../support/platforms.ts';

const MODEL = 'owner/fable';

describe.each(PLATFORMS)('%s, started again', (_, start) => {
  let hub: HubServer;
  let store = '';

  beforeAll(async () => {
    store = await mkdtemp(join(tmpdir(), 'residscope-restart-'));
    hub = await startHub({ [MODEL]: pathOf('site/public/models/fable-4m') });
  });
  afterAll(async () => {
    await hub.close();
    await rm(store, { recursive: true, force: true });
  });

  it('finds prompts and tokenizers of the hub that it had, and asks the hub nothing', async () => {
    const variables = { HF_ENDPOINT: hub.hub.href, HUB_MODELS: 'owner/*', HUB_HOSTS: 'none' };
    const ask = async (text: string) => {
      const server = await start({ store, variables });
      try {
        const base = (): string => server.url;
        const known = await post(base, '/v1/tokenize', { model: MODEL, text: 'The dog' });
        const fresh = await post(base, '/v1/tokenize', { model: MODEL, text });
        const query = new URLSearchParams({ model: `${MODEL}@${COMMIT}`, text: 'The dog' });
        const pinned = await request(base, `/v1/tokenize?${query.toString()}`);
        return [known, fresh, pinned];
      } finally {
        await server.stop();
      }
    };
    const before = await ask('A fresh text');
    expect(before.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(before.map(({ headers }) => headers.get('X-Cache'))).toEqual(['miss', 'miss', 'hit']);
    expect(before[0]?.json).toMatchObject({ model: MODEL, revision: COMMIT });
    expect(hub.requests.length).toBeGreaterThan(0);

    hub.requests.length = 0;
    const after = await ask('Another fresh text');
    expect(after.map(({ status }) => status)).toEqual([200, 200, 200]);
    // The second one had to be tokenized: by the tokenizer that was kept.
    expect(after.map(({ headers }) => headers.get('X-Cache'))).toEqual(['hit', 'miss', 'hit']);
    expect(after[0]?.json).toEqual({ ...(before[0]?.json as object), cached: true });
    expect(hub.requests).toEqual([]);
  });
});
