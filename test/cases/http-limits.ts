/** What a server with small rate limits must do: count by address and budget, refuse with 429, and tell. */
import { describe, expect, it } from 'vitest';
import { type Answer, type Base, expectOpen, expectProblem, post, request } from './http-client.ts';

/** Variables of a server for these cases. */
export const SMALL_LIMITS = { RATE_READ: '5', RATE_TOKENIZE: '3', RATE_UPLOAD: '2' };

const TOKENIZE = '/v1/tokenize?model=fable-4m&text=The';

/** Windows turn with the clock, so that a case may see the end of one and the begin of the next. */
const WINDOWS = 2;

/**
 * @param from the headers by which the platform tells the caller's address.
 * @param tells whether it says how many requests are left.
 */
export function limitCases(
  base: Base,
  from: (address: string) => Record<string, string>,
  tells: boolean,
): void {
  const ask = (address: string, path = TOKENIZE): Promise<Answer> =>
    request(base, path, { headers: from(address) });

  /** Answers before the first refusal, and the refusal. */
  async function untilRefused(next: () => Promise<Answer>, limit: number) {
    const passed: Answer[] = [];
    for (let i = 0; i <= WINDOWS * limit; i++) {
      const answer = await next();
      if (answer.status === 429) return { passed, refused: answer };
      passed.push(answer);
    }
    throw new Error(`expected a 429 within ${WINDOWS * limit + 1} requests`);
  }

  it('refuses what is over the limit, and says for how long', async () => {
    const { passed, refused } = await untilRefused(() => ask('192.0.2.1'), 3);
    expect(passed.length).toBeGreaterThanOrEqual(3);
    expectProblem(refused, 429, 'rate-limited', /at most 3 requests of this kind in 60 s.*wait \d+ s/);
    expectOpen(refused);
    const wait = Number(refused.headers.get('Retry-After'));
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(60);
    expect(refused.json).toHaveProperty('limit', 3);
    expect(refused.headers.get('RateLimit-Policy')).toBe('"tokenize";q=3;w=60');
    expect(refused.headers.get('RateLimit')).toMatch(/^"tokenize";r=0;t=\d+$/);
    expect(refused.headers.get('Access-Control-Expose-Headers')).toMatch(/Retry-After.*RateLimit/);
  });

  it('tells the policy with what passes, and what is left where the platform knows', async () => {
    const answer = await ask('192.0.2.2');
    expect([answer.status, answer.headers.get('RateLimit-Policy')]).toEqual([200, '"tokenize";q=3;w=60']);
    if (tells) expect(answer.headers.get('RateLimit')).toMatch(/^"tokenize";r=2;t=\d+$/);
    else expect(answer.headers.get('RateLimit')).toBeNull();
  });

  it('counts each address by itself, IPv6 by its /64', async () => {
    await untilRefused(() => ask('192.0.2.3'), 3);
    expect((await ask('192.0.2.4')).status).toBe(200);
    let i = 1;
    await untilRefused(() => ask(`2001:db8:1:2::${i++}`), 3);
    expect((await ask('2001:db8:1:3::1')).status).toBe(200);
  });

  it('counts each budget by itself, and neither liveness nor preflights', async () => {
    const address = '192.0.2.5';
    await untilRefused(() => ask(address), 3);
    expect((await ask(address, '/v1/models')).status).toBe(200);
    await untilRefused(() => ask(address, '/v1/models'), 5);
    await untilRefused(() => post(base, '/v1/nothing', {}, from(address)), 2);
    for (let i = 0; i < 20; i++) expect((await ask(address, '/healthz')).status).toBe(200);
    const preflight = await request(base, '/v1/tokenize', {
      method: 'OPTIONS',
      headers: { ...from(address), Origin: 'https://example.org', 'Access-Control-Request-Method': 'POST' },
    });
    expect(preflight.status).toBe(204);
  });

  describe('many at once', () => {
    it('pass no more than the limit', async () => {
      const answers = await Promise.all(Array.from({ length: 30 }, () => ask('192.0.2.6')));
      const passed = answers.filter(({ status }) => status === 200).length;
      expect(passed).toBeGreaterThanOrEqual(3);
      expect(passed).toBeLessThanOrEqual(WINDOWS * 3);
      expect(answers.length - passed).toBe(answers.filter(({ status }) => status === 429).length);
    });
  });
}
