/** What the edge fetches of a hub: where it may be sent, how far, how much, how long. No address outside is asked. */
import { describe, expect, it } from 'vitest';
import { HubClient } from '../../worker/hub/fetch.ts';
import { hubSettings, matches } from '../../worker/hub/settings.ts';
import type { HttpProblem } from '../../worker/problem.ts';
import { COMMIT } from '../support/hub-server.ts';

const FILE = 'owner/name/resolve/main/tokenizer.json';
const START = `https://huggingface.co/${FILE}`;

/** A hub of answers by address; it notes what was asked and what the log was told. */
function hub(answers: Readonly<Record<string, () => Response>>, variables: Record<string, string> = {}) {
  const asked: string[] = [];
  const logged: string[] = [];
  const client = new HubClient(
    hubSettings(variables),
    { write: (level, event, fields) => logged.push(JSON.stringify({ level, event, ...fields })) },
    (address, init) => {
      asked.push(address);
      expect(init.redirect).toBe('manual');
      expect(new Headers(init.headers).has('Authorization')).toBe(false);
      const answer = answers[address];
      return answer ? Promise.resolve(answer()) : Promise.reject(new TypeError('fetch failed'));
    },
  );
  return { client, asked, logged };
}

function to(location: string, status = 302): () => Response {
  return () => new Response(null, { status, headers: { Location: location, 'X-Repo-Commit': COMMIT } });
}

async function problemOf(work: Promise<unknown>): Promise<HttpProblem> {
  return work.then(
    () => expect.fail('expected a problem'),
    (error: unknown) => error as HttpProblem,
  );
}

describe('a redirect', () => {
  it.each([
    'http://127.0.0.1/',
    'https://127.0.0.1/',
    'https://127.0.0.1:8443/x',
    'http://localhost:8787/metrics',
    'http://169.254.169.254/latest/meta-data/',
    'https://[::1]/',
    'https://2130706433/',
    'http://cdn.hf.co/file',
    'https://cdn.hf.co:8443/file',
    'https://user:secret@cdn.hf.co/file',
    'https://evil.example/?x=.hf.co',
    'https://hf.co.evil.example/',
    'https://evilhf.co/',
    'https://evil.example\\.hf.co/',
    'file:///etc/passwd',
    'data:application/json,{}',
    'javascript:1',
    'ftp://cdn.hf.co/file',
    '//evil.example/x',
    'https://',
  ])('to %s is refused and not asked', async (location) => {
    const { client, asked, logged } = hub({ [START]: to(location) });
    const problem = await problemOf(client.get(FILE, 'GET', 100));
    expect([problem.status, problem.kind]).toEqual([502, 'hub-failed']);
    expect(problem.message).toContain('sends on to a host that is not on this server’s list');
    expect(problem.headers['Retry-After']).toMatch(/^\d+$/);
    expect(asked).toEqual([START]);
    // The caller isn't told where to, and the log has the host alone.
    expect(problem.message + logged.join('')).not.toMatch(/secret|passwd|latest/);
  });

  it.each(['https://cdn-lfs.huggingface.co/f', 'https://CAS-bridge.xethub.HF.co/f?sig=1', '/elsewhere/f'])(
    'to %s is followed, and the commit stays the hub’s own',
    async (location) => {
      const there = new URL(location, START).href;
      const { client, asked } = hub({
        [START]: to(location),
        [there]: () => new Response('{}', { headers: { 'X-Repo-Commit': 'f'.repeat(40) } }),
      });
      const answer = await client.get(FILE, 'GET', 100);
      expect(new TextDecoder().decode(answer.bytes)).toBe('{}');
      expect(answer.commit).toBe(COMMIT);
      expect(asked).toEqual([START, there]);
    },
  );

  it.each([301, 302, 303, 307, 308])('without an end (%s) is left after a few', async (status) => {
    const { client, asked } = hub({ [START]: to(START, status) });
    const problem = await problemOf(client.get(FILE, 'GET', 100));
    expect([problem.status, problem.message]).toEqual([
      502,
      expect.stringContaining('sent on more than 4 times'),
    ]);
    expect(asked.length).toBe(5);
  });

  it('goes to this machine only from a hub that is on this machine', async () => {
    const endpoint = { HF_ENDPOINT: 'http://localhost:4000', HUB_HOSTS: 'localhost:4001' };
    const first = `http://localhost:4000/${FILE}`;
    const there = hub({ [first]: to('http://localhost:4001/f'), 'http://localhost:4001/f': () => new Response('x') }, endpoint); // prettier-ignore
    expect((await there.client.get(FILE, 'GET', 100)).bytes.byteLength).toBe(1);
    const port = hub({ [first]: to('http://localhost:4002/f') }, endpoint);
    expect((await problemOf(port.client.get(FILE, 'GET', 100))).status).toBe(502);
    const real = hub({ [START]: to('http://localhost:4001/f') }, { HUB_HOSTS: 'localhost:4001' });
    expect((await problemOf(real.client.get(FILE, 'GET', 100))).status).toBe(502);
    expect(real.asked).toEqual([START]);
  });
});

describe('bytes', () => {
  const big = (headers: Record<string, string> = {}) => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(1000));
      },
    });
    return { answer: () => new Response(body, { headers }), pulled: () => pulled };
  };

  it.each([{}, { 'Content-Length': '10' }])(
    'over the limit are not read on, whatever the length says',
    async (headers) => {
      const endless = big(headers);
      const problem = await problemOf(hub({ [START]: endless.answer }).client.get(FILE, 'GET', 5000));
      expect([problem.status, problem.kind, problem.details]).toEqual([
        422,
        'unsupported-model',
        { limit: 5000 },
      ]);
      expect(endless.pulled()).toBeLessThan(10);
    },
  );

  it('declared over the limit are not read at all', async () => {
    const endless = big({ 'Content-Length': '5001' });
    const problem = await problemOf(hub({ [START]: endless.answer }).client.get(FILE, 'GET', 5000));
    expect(problem.status).toBe(422);
    expect(endless.pulled()).toBeLessThan(2);
  });

  it('exactly at the limit are fine', async () => {
    const { client } = hub({ [START]: () => new Response(new Uint8Array(5000)) });
    expect((await client.get(FILE, 'GET', 5000)).bytes.byteLength).toBe(5000);
  });
});

describe('a hub that fails', () => {
  it.each([
    [500, undefined, '30'],
    [503, '7', '7'],
    [429, '100000', '3600'],
    [429, 'Wed, 21 Oct 2026 07:28:00 GMT', '30'],
    [304, undefined, '30'],
  ])('with %s (Retry-After %s) is 502, to be tried again in %s s', async (status, retryAfter, expected) => {
    const headers = retryAfter === undefined ? {} : { 'Retry-After': retryAfter };
    const { client } = hub({ [START]: () => new Response(null, { status, headers }) });
    const problem = await problemOf(client.get(FILE, 'GET', 100));
    expect([problem.status, problem.headers['Retry-After']]).toEqual([502, expected]);
  });

  it('by silence is 504', async () => {
    const client = new HubClient(
      hubSettings({ HUB_TIMEOUT: '30' }),
      { write: () => undefined },
      (_, init) =>
        new Promise((_, reject) =>
          init.signal?.addEventListener('abort', () => reject(new Error('aborted'))),
        ),
    );
    const problem = await problemOf(client.get(FILE, 'GET', 100));
    expect([problem.status, problem.kind, problem.headers['Retry-After']]).toEqual([
      504,
      'hub-timeout',
      '30',
    ]);
  });

  it('by no connection is 502', async () => {
    const problem = await problemOf(hub({}).client.get(FILE, 'GET', 100));
    expect([problem.status, problem.message]).toEqual([
      502,
      expect.stringContaining('no answer from huggingface.co'),
    ]);
  });
});

describe('variables', () => {
  it.each([
    'ftp://hub',
    'huggingface.co',
    'http://huggingface.co',
    'http://169.254.169.254',
    'https://user@hub.example',
    'https://hub.example/?a',
  ])('HF_ENDPOINT=%s is refused', (HF_ENDPOINT) => {
    expect(() => hubSettings({ HF_ENDPOINT })).toThrow(/^HF_ENDPOINT: expected an address as https/);
  });

  it('HUB_MODELS is a list of patterns, each for whole names', () => {
    const { models } = hubSettings({ HUB_MODELS: ' openai-community/*, HuggingFaceTB/SmolLM2-*,a.b/c ' });
    const yes = ['openai-community/gpt2', 'huggingfacetb/SmolLM2-135M', 'a.b/c'];
    const no = [
      'openai-community/x/y',
      'x/openai-community/gpt2',
      'HuggingFaceTB/Smol',
      'axb/c',
      'a.b/cd',
      'openai-community',
    ];
    expect(yes.filter((name) => matches(models, name))).toEqual(yes);
    expect(no.filter((name) => matches(models, name))).toEqual([]);
    expect(hubSettings({ HUB_MODELS: 'none' }).models).toEqual([]);
    expect(matches(hubSettings({}).models, 'openai-community/gpt2')).toBe(true);
    expect(matches(hubSettings({}).models, 'anybody/anything')).toBe(false);
  });
});
