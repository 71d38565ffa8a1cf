/** What any server must answer to what it has no answer for: paths, methods, media types, models, sizes. */
import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../shared/limits.ts';
import { type Base, expectOpen, expectProblem, post, request } from './http-client.ts';

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
