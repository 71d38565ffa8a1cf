/** What a hostile caller tries on the whole server rather than on one call: headers, methods, other origins. */
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type Base, post, request } from './http-client.ts';

const PATHS = ['/', '/healthz', '/v1/models', '/v1/tokenize?model=fable-4m&text=The', '/v1/nothing'];

/** Sends bytes that fetch would refuse to, and gives the first line of the answer. */
function raw(base: Base, text: string): Promise<string> {
  const { hostname, port } = new URL(base());
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer within 5 s')));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString('latin1').split('\r\n')[0] ?? '');
    });
    socket.once('error', reject);
    socket.once('close', () => resolve('closed'));
  });
}

export function safetyCases(base: Base): void {
  it.each(PATHS)('%s sets no cookie and names no software', async (path) => {
    const { headers } = await request(base, path, { headers: { Cookie: 'session=1' } });
    expect(headers.get('Set-Cookie')).toBeNull();
    expect(headers.get('X-Powered-By')).toBeNull();
    expect(headers.get('Server')).toBeNull();
  });

  it.each(PATHS)(
    '%s is not sniffed, gives no referrer, and has a policy that allows no other script',
    async (path) => {
      const { headers } = await request(base, path);
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
      expect(headers.get('Referrer-Policy')).toBe('no-referrer');
      expect(headers.get('Content-Security-Policy')).toMatch(/^default-src 'none';.*frame-ancestors 'none'$/);
      expect(headers.get('Content-Security-Policy')).not.toMatch(/unsafe-inline|'unsafe-eval'/);
    },
  );

  it('puts nothing of a request into a header', async () => {
    const evil = 'x%0d%0aSet-Cookie:%20a=b';
    for (const path of [
      `/v1/${evil}`,
      `/v1/tokenize?model=${evil}&text=${evil}`,
      `/healthz?${evil}`,
      `/${evil}.html`,
    ]) {
      const { status, headers } = await request(base, path);
      expect(status).toBeLessThan(500);
      expect(headers.get('Set-Cookie')).toBeNull();
      for (const [, value] of headers) expect(value).not.toMatch(/Set-Cookie/i);
    }
  });

  it.each([
    [
      'a line folded into a header',
      'GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c: d\r\nConnection: close\r\n\r\n',
    ],
    [
      'a NUL in a header',
      'GET /healthz HTTP/1.1\r\nHost: a\r\nX-Request-Id: abc\0defgh\r\nConnection: close\r\n\r\n',
    ],
    ['no request at all', '\x16\x03\x01\x02\0\x01\0\x01\xfc\r\n\r\n'],
    ['an unknown method', 'BREW /v1/tokenize HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
  ])('%s is refused or harmless, and the next request works', async (_, text) => {
    expect(await raw(base, text)).toMatch(/^(?:closed|HTTP\/1\.[01] [24]\d\d\b.*|HTTP\/1\.1 501 .*)$/);
    expect((await request(base, '/healthz')).status).toBe(200);
  });

  describe('other origins', () => {
    const preflight = (path: string, method: string) =>
      request(base, path, {
        method: 'OPTIONS',
        headers: { Origin: 'https://example.org', 'Access-Control-Request-Method': method },
      });

    it('may read and tokenize, with no credentials', async () => {
      for (const [path, method] of [
        ['/v1/tokenize', 'POST'],
        ['/v1/detokenize', 'POST'],
        ['/v1/models', 'GET'],
        ['/healthz', 'GET'],
      ] as const) {
        // prettier-ignore
        const { status, headers } = await preflight(path, method);
        expect(status, path).toBe(204);
        expect(headers.get('Access-Control-Allow-Methods')?.split(','), path).toContain(method);
        expect(headers.get('Access-Control-Allow-Origin'), path).toBe('*');
        expect(headers.get('Access-Control-Allow-Credentials'), path).toBeNull();
      }
    });

    it.each(['POST', 'DELETE'])('may not %s a trace', async (method) => {
      for (const path of ['/v1/traces', `/v1/traces/${'0'.repeat(64)}`]) {
        const { headers } = await preflight(path, method);
        expect(headers.get('Access-Control-Allow-Methods')).toBe('GET,HEAD');
      }
    });

    it('get no other methods', async () => {
      const methods = (await preflight('/v1/tokenize', 'PUT')).headers.get('Access-Control-Allow-Methods');
      expect(methods).toBe('GET,HEAD,POST');
    });
  });

  it('says at /privacy what is kept, in the site’s own style', async () => {
    const { status, headers, text } = await request(base, '/privacy');
    expect([status, headers.get('Content-Type')]).toEqual([200, 'text/html; charset=UTF-8']);
    expect(text).toContain('What is kept, and for how long');
    const style = await request(base, /href="(\/[\w.]+\.css)"/.exec(text)?.[1] ?? '/none');
    expect([style.status, style.headers.get('Content-Type')]).toEqual([200, 'text/css; charset=utf-8']);
    expect((await request(base, '/privacy', { method: 'HEAD' })).status).toBe(200);
  });

  it('does not treat members of a body as more than members', async () => {
    const answer = await post(base, '/v1/tokenize', '{"__proto__":{"model":"fable-4m","text":"a"}}');
    expect(answer.status).toBe(422);
    expect((await post(base, '/v1/tokenize', { model: 'fable-4m', text: 'a' })).status).toBe(200);
  });
}
