/** What an operator must be able to see of a request, and what must never be seen. */
import { describe, expect, it, vi } from 'vitest';
import { type Base, post, request } from './http-client.ts';

interface Line {
  readonly event: string;
  readonly requestId: string;
}

/** @param output what the server wrote so far. */
export function observedCases(base: Base, output: () => string): void {
  /** The log's line of a request; it may come after the answer. */
  async function lineOf(requestId: string | null): Promise<Line> {
    return vi.waitFor(
      () => {
        const line = output()
          .split('\n')
          .filter((text) => text.startsWith('{"level"'))
          .map((text) => JSON.parse(text) as Line)
          .find((each) => each.event === 'request' && each.requestId === requestId);
        if (!line) throw new Error(`no line of the request ${requestId}`);
        return line;
      },
      { timeout: 5_000 },
    );
  }

  describe('the request id', () => {
    it('is fresh for each request, of every kind', async () => {
      const paths = ['/healthz', '/healthz', '/v1/models', '/v1/nothing', '/v1/tokenize'];
      const ids = await Promise.all(
        paths.map(async (path) => (await request(base, path)).headers.get('X-Request-Id')),
      );
      for (const id of ids) expect(id).toMatch(/^[\w-]{8,64}$/);
      expect(new Set(ids).size).toBe(paths.length);
    });

    it('may be the caller’s when it is harmless', async () => {
      const id = 'trace-0123_ABC';
      const { headers } = await request(base, '/healthz', { headers: { 'X-Request-Id': id } });
      expect(headers.get('X-Request-Id')).toBe(id);
    });

    it.each(['short', 'x'.repeat(65), 'with space in it', '{"level":"error"}', '<b>12345678', 'a;b=c;d=e;f'])(
      '%j is not taken',
      async (id) => {
        const { headers } = await request(base, '/healthz', { headers: { 'X-Request-Id': id } });
        expect(headers.get('X-Request-Id')).toMatch(/^[\da-f-]{36}$/);
      },
    );
  });

  it('times every answer', async () => {
    for (const path of ['/healthz', '/v1/nothing']) {
      expect((await request(base, path)).headers.get('Server-Timing')).toMatch(/^total;dur=\d+\.\d$/);
    }
  });

  describe('the log', () => {
    it('has a line a request, by the pattern of its route', async () => {
      const { headers } = await request(base, '/v1/tokenize?model=fable-4m&text=The', { method: 'HEAD' });
      expect(await lineOf(headers.get('X-Request-Id'))).toMatchObject({
        level: 'info',
        method: 'HEAD',
        route: '/v1/tokenize',
        status: 200,
        ms: expect.any(Number) as number,
      });
      const none = await request(base, '/v1/some/thing%0A{"level":"error"}');
      expect(await lineOf(none.headers.get('X-Request-Id'))).toMatchObject({ route: 'none', status: 404 });
    });

    it('holds no prompt, no query, no path as asked for, no address', async () => {
      const secret = 'Zanzibar';
      const init = { headers: { 'X-Forwarded-For': '203.0.113.77', 'User-Agent': `${secret}-agent` } };
      const answers = [
        await request(base, `/v1/tokenize?model=fable-4m&text=${secret}`, init),
        await request(base, `/v1/tokenize?model=${secret}&text=x`, init),
        await request(base, `/v1/${secret}-path?q=${secret}`, init),
        await post(base, '/v1/tokenize', { model: 'fable-4m', text: `${secret} again` }),
        await post(base, '/v1/tokenize', `{"model":"${secret}`),
        await post(base, '/v1/detokenize', { model: 'fable-4m', ids: [secret] }),
      ];
      for (const { headers } of answers) {
        const line = JSON.stringify(await lineOf(headers.get('X-Request-Id')));
        expect(line).not.toContain(secret);
        expect(line).not.toMatch(/203\.0\.113|127\.0\.0\.1|\?/);
      }
      const events = output()
        .split('\n')
        .filter((text) => text.startsWith('{'));
      expect(events.join('\n')).not.toContain(secret);
    });
  });
}
