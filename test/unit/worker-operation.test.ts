/** Parts that operate the edge, without a platform: addresses, variables, limits that fail, counters. */
import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { addressHash, addressKey, forwardedAddress } from '../../worker/address.ts';
import { createApp } from '../../worker/app.ts';
import { within } from '../../worker/deadline.ts';
import { errorFields } from '../../worker/log.ts';
import { HUB_VARIABLES } from '../../worker/hub/settings.ts';
import { EmbeddedTokenizers } from '../../worker/models.ts';
import type { Log, Metrics, Ports, RateLimit } from '../../worker/ports.ts';
import { PrometheusMetrics } from '../../worker/prometheus.ts';
import { TRACE_VARIABLES } from '../../worker/trace-sharing.ts';
import { contactOf, ratePolicies, wholeNumber } from '../../worker/variables.ts';
import { ROOT } from '../support/addresses.ts';

describe('an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
    ['[2001:db8::1]', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['2001:db8:0:0:1::', '2001:db8:0:0::/64'],
  ])('%s counts as %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  it.each([
    [null, 0, '10.0.0.1'],
    ['203.0.113.1', 0, '10.0.0.1'],
    [null, 1, '10.0.0.1'],
    ['203.0.113.1', 1, '203.0.113.1'],
    ['1.1.1.1, 203.0.113.1', 1, '203.0.113.1'],
    ['1.1.1.1,203.0.113.1, 10.0.0.2', 2, '203.0.113.1'],
    ['203.0.113.1', 3, '203.0.113.1'],
    ['2001:db8::1', 1, '2001:db8::1'],
    ['nonsense\u00e9', 1, '10.0.0.1'],
    ['', 1, '10.0.0.1'],
    ['1.1.1.1,', 1, '10.0.0.1'],
  ])('behind X-Forwarded-For %j and %i proxies is %s', (header, proxies, address) => {
    expect(forwardedAddress('10.0.0.1', header, proxies)).toBe(address);
  });

  it('is stored as a hash that changes with the salt', async () => {
    const hash = await addressHash('192.0.2.1', 'monday');
    expect(hash).toMatch(/^[\da-f]{32}$/);
    expect(await addressHash('192.0.2.1', 'monday')).toBe(hash);
    expect(await addressHash('192.0.2.1', 'tuesday')).not.toBe(hash);
    expect(await addressHash('192.0.2.2', 'monday')).not.toBe(hash);
  });
});

describe('variables', () => {
  it('set the limits; 0 ends one', () => {
    const policies = ratePolicies({ RATE_READ: '7', RATE_TOKENIZE: ' 0 ', RATE_UPLOAD: '' });
    expect(Object.fromEntries(policies)).toEqual({
      read: { requests: 7, window: 60 },
      upload: { requests: 60, window: 60 },
    });
  });

  it.each(['-1', '1.5', 'many', '1e3', '99999999999'])('refuse %j', (value) => {
    expect(() => wholeNumber({ RATE_READ: value }, 'RATE_READ', 1)).toThrow(
      `RATE_READ: expected a whole number, 0 or more, got ${JSON.stringify(value)}`,
    );
  });

  it('of wrangler.toml have the numbers of its bindings, in every environment', () => {
    const toml = readFileSync(`${ROOT}/wrangler.toml`, 'utf8');
    const told = [...toml.matchAll(/^RATE_(\w+) = "(\d+)"$/gm)].map(([, budget, limit]) => [budget, limit]);
    const bound = [
      ...toml.matchAll(/^name = "LIMIT_(\w+)"\n.*\nsimple = \{ limit = (\d+), period = 60 \}$/gm),
    ].map(([, budget, limit]) => [budget, limit]);
    expect(told).toHaveLength(9);
    expect(bound).toEqual(told);
  });

  it('of Deno are the ones that its starter permits', () => {
    const root = readFileSync(`${ROOT}/worker/deno.ts`, 'utf8');
    const starter = readFileSync(`${ROOT}/scripts/serve-deno.mjs`, 'utf8');
    const named = (text: string): string[] =>
      [...text.matchAll(/^\s+'([A-Z][A-Z_]+)',$/gm)].map(([, name]) => name ?? '');
    const read = [
      ...named(root),
      ...HUB_VARIABLES,
      ...(root.includes('TRACE_VARIABLES') ? TRACE_VARIABLES : []),
    ];
    expect(read.length).toBeGreaterThan(12);
    expect(named(starter).sort()).toEqual(read.sort());
  });
});

/** An app of nothing but what operates it. */
function appWith(ports: Partial<Ports>) {
  const lines: unknown[] = [];
  const log: Log = { write: (level, event, fields) => void lines.push({ level, event, ...fields }) };
  const app = createApp({
    prompts: { get: () => Promise.resolve(undefined), put: () => Promise.resolve() },
    tokenizers: new EmbeddedTokenizers(() => Promise.reject(new Error('none here'))),
    addressOf: () => '192.0.2.1',
    log,
    ...ports,
  });
  return { app, lines };
}

const POLICY = { requests: 5, window: 60 };

describe('a limiter', () => {
  it.each([
    ['fails', () => Promise.reject(new Error('down'))],
    ['never answers', () => new Promise<never>(() => undefined)],
  ])('that %s lets requests pass, and is logged and counted', async (_, take) => {
    const rateLimit: RateLimit = { policy: () => POLICY, take };
    const count = vi.fn();
    const metrics: Metrics = { request: () => undefined, count };
    const { app, lines } = appWith({ rateLimit, metrics });
    const response = await app.request('/v1/models');
    expect(response.status).toBe(200);
    expect(response.headers.get('RateLimit-Policy')).toBe('"read";q=5;w=60');
    expect(response.headers.get('RateLimit')).toBeNull();
    expect(lines).toContainEqual(expect.objectContaining({ level: 'error', event: 'rate limit' }));
    expect(count).toHaveBeenCalledWith('store_errors', 'rate_limit');
  });

  it('is asked with the budget and the shortened address', async () => {
    const take = vi.fn(() => Promise.resolve({ allowed: true, reset: 1, remaining: 4 }));
    const { app } = appWith({ rateLimit: { policy: () => POLICY, take }, addressOf: () => '2001:db8::1' });
    await app.request('/v1/models');
    await app.request('/v1/tokenize', { method: 'POST' });
    await app.request('/v1/traces', { method: 'POST' });
    await app.request('/healthz');
    await app.request('/v1/models', { method: 'OPTIONS' });
    expect(take.mock.calls).toEqual(
      ['read', 'tokenize', 'upload'].map((budget) => [budget, '2001:db8:0:0::/64']),
    );
  });

  it('is not asked without an address or a policy', async () => {
    const take = vi.fn(() => Promise.resolve({ allowed: false, reset: 1 }));
    for (const ports of [
      { rateLimit: { policy: () => POLICY, take }, addressOf: () => undefined },
      { rateLimit: { policy: () => undefined, take } },
    ]) {
      expect((await appWith(ports).app.request('/v1/models')).status).toBe(200);
    }
    expect(take).not.toHaveBeenCalled();
  });
});

describe('/metrics', () => {
  const scrape = (token?: string) => ({ scrape: { text: () => 'a 1\n', token } });
  const status = async (ports: Partial<Ports>, headers: Record<string, string> = {}): Promise<number> =>
    (await appWith(ports).app.request('/metrics', { headers })).status;

  it('is for this machine alone without a token', async () => {
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
      expect(await status({ ...scrape(), addressOf: () => address })).toBe(200);
    }
    for (const address of ['192.0.2.1', '::2', '1127.0.0.1', undefined]) {
      expect(await status({ ...scrape(), addressOf: () => address })).toBe(403);
    }
    for (const name of ['X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP']) {
      expect(await status({ ...scrape(), addressOf: () => '127.0.0.1' }, { [name]: 'x' })).toBe(403);
    }
  });

  it('is for whoever has the token, wherever they are', async () => {
    const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
    expect(await status(scrape('abc'), bearer('abc'))).toBe(200);
    expect(await status(scrape('abc'), bearer('abd'))).toBe(403);
    expect(await status({ ...scrape('abc'), addressOf: () => '127.0.0.1' })).toBe(403);
  });

  it('is nothing where the platform has none', async () => {
    expect(await status({})).toBe(404);
  });
});

describe('/privacy', () => {
  it('says what this server keeps', async () => {
    const response = await appWith({ contact: 'a@example.org' }).app.request('/privacy');
    expect(response.headers.get('Content-Type')).toMatch(/^text\/html/);
    expect(response.headers.get('Content-Security-Policy')).toMatch(/^default-src 'none'; style-src 'self';/);
    const text = await response.text();
    expect(text).toContain('<a href="mailto:a@example.org">a@example.org</a>');
    expect(text).toContain('This server keeps none.');
    expect(text).not.toMatch(/<script|style=|\son\w+=/);
  });

  it.each(['a@example.org', 'mailto:a@example.org', 'https://example.org/report?x=1'])(
    'takes %s',
    (contact) => {
      expect(contactOf({ CONTACT: contact })).toEqual({ contact });
    },
  );

  it.each(['javascript:alert(1)', 'example', 'http://example.org', 'a b@example.org', 'data:a@b'])(
    'refuses %s',
    (contact) => {
      expect(() => contactOf({ CONTACT: contact })).toThrow(
        'CONTACT: expected a mail address or https://…, got',
      );
    },
  );
});

describe('counters', () => {
  it('are written as Prometheus reads them', () => {
    const metrics = new PrometheusMetrics();
    metrics.request({ method: 'GET', route: '/v1/traces/:id{[0-9a-f]+}', status: 200, ms: 3 });
    metrics.request({ method: 'GET', route: '/v1/traces/:id{[0-9a-f]+}', status: 200, ms: 20_000 });
    metrics.request({ method: 'GET', route: 'a"b\\c\nd', status: 404, ms: 0 });
    metrics.count('prompt_cache', 'hit');
    const lines = metrics.text().split('\n');
    expect(lines.at(-1)).toBe('');
    const sample = /^[a-z_]+(?:\{(?:[a-z]+="(?:[^"\\\n]|\\[\\"n])*",?)+\})? -?[\d.e+-]+$/;
    const head = /^# (?:HELP [a-z_]+ .+|TYPE [a-z_]+ (?:counter|histogram))$/;
    for (const line of lines.slice(0, -1)) expect(line).toMatch(line.startsWith('#') ? head : sample);
    const text = metrics.text();
    expect(text).toContain(
      'residscope_http_requests_total{method="GET",route="/v1/traces/:id{[0-9a-f]+}",status="200"} 2',
    );
    expect(text).toContain('route="a\\"b\\\\c\\nd"');
    const buckets = [...text.matchAll(/_bucket\{route="\/v1[^"]*",le="([^"]+)"\} (\d+)/g)].map(
      ([, le, n]) => [le, n],
    );
    expect(buckets.find(([le]) => le === '0.0025')?.[1]).toBe('0');
    expect(buckets.find(([le]) => le === '0.005')?.[1]).toBe('1');
    expect(buckets.at(-2)).toEqual(['10', '1']);
    expect(buckets.at(-1)).toEqual(['+Inf', '2']);
    expect(text).toContain('residscope_prompt_cache_total{result="hit"} 1');
  });
});

describe('an error in the log', () => {
  it('does not quote what a parser read', () => {
    const fields = errorFields(thrownBy(() => JSON.parse('{"secret prompt')));
    expect(JSON.stringify(fields)).not.toContain('secret');
    expect(fields).toMatchObject({ error: 'SyntaxError', stack: expect.stringContaining('at ') as string });
    expect(errorFields(new TypeError('x'.repeat(5000)))['message']).toHaveLength(1000);
    expect(errorFields('text')).toEqual({ error: 'string' });
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('a deadline', () => {
  it('ends the waiting, not the work', async () => {
    expect(await within(Promise.resolve(1), 'store', 10)).toBe(1);
    await expect(within(Promise.reject(new Error('down')), 'store', 10)).rejects.toThrow('down');
    await expect(within(new Promise(() => undefined), 'store', 5)).rejects.toThrow(
      'store: expected an answer within 5 ms',
    );
  });
});
