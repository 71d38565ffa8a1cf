/** GPT-2's tokenizer through the API of real processes, from a hub on this machine: ids as its goldens have them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../shared/limits.ts';
import { expectProblem, post } from '../cases/http-client.ts';
import { tokenizerCases, utf16Offsets } from '../cases/tokenizer.ts';
import { pathOf, sharedMissing } from '../support/addresses.ts';
import { COMMIT, type HubServer, startHub } from '../support/hub-server.ts';
import { PLATFORMS } from '../support/platforms.ts';
import { readJson } from '../support/read-json.ts';
import type { Server } from '../support/server-process.ts';

const MODEL = 'openai-community/gpt2';
const FOREIGN = 'openai-community/foreign';

describe.skipIf(sharedMissing !== undefined).each(PLATFORMS)('hub models on %s', (_, start) => {
  let hub: HubServer;
  let server: Server;
  const base = (): string => server.url;

  beforeAll(async () => {
    hub = await startHub({ [MODEL]: pathOf('shared/tokenizers/gpt2') });
    server = await start({ variables: { HF_ENDPOINT: hub.hub.href, HUB_MODELS: 'openai-community/*', HUB_HOSTS: 'none' } }); // prettier-ignore
  });
  afterAll(async () => {
    await server.stop();
    await hub.close();
  });

  it('has the ids of the goldens, and fetches the file once', async () => {
    const cases = tokenizerCases(readJson('shared/tokenizers/gpt2/golden.json'));
    expect(cases.length).toBeGreaterThan(200);
    for (let at = 0; at < cases.length; at += LIMITS.texts) {
      const some = cases.slice(at, at + LIMITS.texts);
      const texts = some.map(({ text }) => text);
      const { status, json } = await post(base, '/v1/tokenize', { model: MODEL, texts });
      expect(status).toBe(200);
      expect(json).toMatchObject({
        model: MODEL,
        revision: COMMIT,
        results: some.map((golden) => ({ ids: golden.ids, tokens: golden.tokens, offsets: utf16Offsets(golden) })), // prettier-ignore
      });
    }
    const fetched = hub.requests.filter(({ method, path }) => method === 'GET' && path.endsWith('/tokenizer.json')); // prettier-ignore
    expect(fetched).toHaveLength(1);
  });

  it('follows no redirect to a host that is not on the list, and asks it nothing', async () => {
    hub.requests.length = 0;
    const target = `${hub.storage.href}${MODEL}/tokenizer.json`;
    hub.behaviour.redirects.set(`/${FOREIGN}/resolve/${COMMIT}/tokenizer.json`, target);
    const answer = await post(base, '/v1/tokenize', { model: `${FOREIGN}@${COMMIT}`, text: 'a' });
    expectProblem(answer, 502, 'hub-failed', /host that is not on this server’s list/);
    expect(answer.text).not.toContain(hub.storage.host);
    expect(hub.requests.filter(({ origin }) => origin === 'storage')).toEqual([]);
  });
});
