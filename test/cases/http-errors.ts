/** What any server must answer to what it has no answer for: paths, methods, media types, models, sizes. */
import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../shared/limits.ts';
import { type Base, expectOpen, expectProblem, post, request } from './http-client.ts';
import { randomText, seeded, type Random } from '../support/random.ts';

const TOKENIZE = '/v1/tokenize';
const DETOKENIZE = '/v1/detokenize';

export function errorCases(base: Base): void {
  it.each(['/v1', '/v1/', '/v1/nothing', '/nothing', '/v1/tokenize/x', '/__proto__', '/%00', '/%ff'])(
    'GET %s is nothing',
    async (path) => {
      expectProblem(await request(base, path), 404, 'not-found', /no page or call of that name/);
    },
  );

  const METHODS: [string, string, string][] = [
    ['PUT', TOKENIZE, 'GET, HEAD, OPTIONS, POST'],
    ['DELETE', TOKENIZE, 'GET, HEAD, OPTIONS, POST'],
    ['PATCH', '/v1/models', 'GET, HEAD, OPTIONS'],
    ['POST', '/v1/models', 'GET, HEAD, OPTIONS'],
    ['POST', '/healthz', 'GET, HEAD, OPTIONS'],
    ['GET', DETOKENIZE, 'OPTIONS, POST'],
  ];
  it.each(METHODS)('%s %s is not allowed', async (method, path, allow) => {
    const answer = await request(base, path, { method });
    expectProblem(answer, 405, 'method-not-allowed', /expected/);
    expect(answer.headers.get('Allow')).toBe(allow);
    expect(answer.json).toHaveProperty('allow', allow.split(', '));
    expectOpen(answer);
  });

  it('HEAD of a call that only takes POST is not allowed', async () => {
    const answer = await request(base, DETOKENIZE, { method: 'HEAD' });
    expect([answer.status, answer.headers.get('Allow')]).toEqual([405, 'OPTIONS, POST']);
  });

  describe.each([TOKENIZE, DETOKENIZE])('%s', (path) => {
    it.each([
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/jsonx',
      '',
    ])('refuses the media type %j', async (type) => {
      const answer = await post(base, path, '{}', { 'Content-Type': type });
      expectProblem(answer, 415, 'media-type', /Content-Type: expected application\/json/);
      expectOpen(answer);
    });

    it('takes parameters and other cases of the media type', async () => {
      const answer = await post(base, path, { model: 'fable-4m', text: 'a', ids: [1] }, { 'Content-Type': 'Application/JSON; charset=UTF-8' }); // prettier-ignore
      // The one member too many for the path; the type was fine.
      expectProblem(answer, 422, 'invalid-request', /./);
    });

    it('refuses a packed body', async () => {
      const answer = await post(base, path, '{}', { 'Content-Encoding': 'gzip' });
      expectProblem(answer, 415, 'media-type', /Content-Encoding: expected none/);
    });

    it('refuses bytes that are no UTF-8', async () => {
      const body = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]);
      const answer = await request(base, path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }); // prettier-ignore
      expectProblem(answer, 400, 'invalid-json', /expected UTF-8/);
    });

    it.each(['gpt2', 'owner/name', '../fable-4m', '__proto__', 'FABLE-4M'])(
      'does not know the model %s',
      async (model) => {
        const answer = await post(base, path, path === TOKENIZE ? { model, text: 'a' } : { model, ids: [1] });
        expectProblem(answer, 404, 'unknown-model', /^model: expected one of fable-4m, .*got /);
        expect(answer.json).toHaveProperty('knownModels', expect.arrayContaining(['fable-4m']));
        expectOpen(answer);
      },
    );

    it('stops reading a body that is over the limit, with and without its length', async () => {
      const limit = path === TOKENIZE ? LIMITS.tokenizeBodyBytes : LIMITS.detokenizeBodyBytes;
      const body = ' '.repeat(limit + 1);
      expectProblem(await post(base, path, body), 413, 'too-large', /^body: expected at most \d+ bytes/);
      const chunk = Buffer.alloc(65_536, ' ');
      let sent = 0;
      const stream = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (sent > limit) controller.close();
          else controller.enqueue(chunk);
          sent += chunk.byteLength;
        },
      });
      const init = {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: stream,
        duplex: 'half',
      };
      expectProblem(await request(base, path, init), 413, 'too-large', /^body: expected at most/);
      // And the next request works.
      expect((await request(base, '/healthz')).status).toBe(200);
    });

    it('answers a preflight from any page', async () => {
      const answer = await request(base, path, {
        method: 'OPTIONS',
        headers: {
          Origin: 'https://example.org',
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'content-type',
        },
      });
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('*');
      expect(answer.headers.get('Access-Control-Allow-Methods')).toContain('POST');
      expect(answer.headers.get('Access-Control-Allow-Headers')).toMatch(/content-type/i);
      expect(answer.headers.get('Access-Control-Allow-Credentials')).toBeNull();
    });
  });

  it('lets any page read the cache headers', async () => {
    const answer = await request(base, `${TOKENIZE}?model=fable-4m&text=The`, {
      headers: { Origin: 'https://example.org' },
    });
    expect(answer.headers.get('Access-Control-Expose-Headers')).toMatch(/ETag.*X-Cache/);
  });
}

/** Never a 5xx, and always JSON with a status that says whose fault it is. */
export function fuzzCases(base: Base, seed: number, requests: number): void {
  it(`answers ${requests} random requests (seed ${seed}) without failing`, async () => {
    const random = seeded(seed);
    const bad: string[] = [];
    for (let done = 0; done < requests; done += 8) {
      const batch = Array.from({ length: 8 }, () => randomRequest(random));
      const answers = await Promise.all(batch.map(({ path, init }) => request(base, path, init)));
      answers.forEach((answer, i) => {
        const isJson = /json/.test(answer.headers.get('Content-Type') ?? '') || answer.text === '';
        if (answer.status >= 500 || !isJson)
          bad.push(`${answer.status} ${JSON.stringify(batch[i]).slice(0, 300)}`);
      });
    }
    expect(bad).toEqual([]);
  });
}

function randomRequest(random: Random): { path: string; init: RequestInit } {
  const kind = random.below(10);
  if (kind < 2) {
    const parameters = new URLSearchParams({
      model: randomModel(random),
      text: randomText(random, 12, true),
    });
    return { path: `${TOKENIZE}?${parameters.toString()}`, init: { method: random.pick(['GET', 'HEAD']) } };
  }
  if (kind < 3) {
    const path = encodeURIComponent(randomText(random, 6, false)).replaceAll('.', '');
    return { path: `/v1/x${path}`, init: { method: random.pick(['GET', 'PUT', 'DELETE', 'OPTIONS']) } };
  }
  const body = kind < 5 ? damaged(random, randomBody(random)) : randomBody(random);
  const type = random.below(10) === 0 ? randomHeader(random) : 'application/json';
  return {
    path: random.pick([TOKENIZE, DETOKENIZE]),
    init: { method: 'POST', headers: { 'Content-Type': type, 'If-None-Match': randomHeader(random) }, body },
  };
}

function randomModel(random: Random): string {
  return random.below(3) > 0 ? 'fable-4m' : randomText(random, 3, true);
}

function randomHeader(random: Random): string {
  return Array.from({ length: random.below(30) }, () => String.fromCharCode(0x21 + random.below(0x5e))).join(
    '',
  );
}

function randomBody(random: Random): string {
  const members: Record<string, unknown> = { model: randomModel(random) };
  const names = [
    'text',
    'texts',
    'ids',
    'bos',
    'model',
    '__proto__',
    'toString',
    randomText(random, 2, true),
  ];
  for (let i = random.below(4); i >= 0; i--) members[random.pick(names)] = randomValue(random, 3);
  if (random.below(2) > 0) members['text'] = randomText(random, 200, true);
  return JSON.stringify(members);
}

function randomValue(random: Random, depth: number): unknown {
  const kind = random.below(depth > 0 ? 9 : 7);
  if (kind < 2) return randomText(random, 30, true);
  if (kind === 2) return random.below(5000);
  if (kind === 3) return random.pick([-1, 0.5, 1e308, -0, 2 ** 53, 4095, 4096]);
  if (kind === 4) return random.pick([true, false, null]);
  if (kind === 5) return Array.from({ length: random.below(100) }, () => random.below(4100));
  if (kind === 6) return Array.from({ length: random.below(70) }, () => randomText(random, 4, true));
  if (kind === 7) return Array.from({ length: random.below(5) }, () => randomValue(random, depth - 1));
  return { [randomText(random, 2, true)]: randomValue(random, depth - 1) };
}

/** JSON with a few characters lost, doubled or replaced. */
function damaged(random: Random, json: string): string {
  const at = random.below(json.length + 1);
  const cut = random.below(4);
  return (
    json.slice(0, at) +
    random.pick(['', '"', '\\', '{', '[[[[', '\0', '\\ud800', '1e999', ',']) +
    json.slice(at + cut)
  );
}
