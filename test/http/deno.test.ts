/** What only the Deno server has: /metrics, its own store, ranges, packed files, addresses behind proxies, permissions. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectProblem, post, request } from '../cases/http-client.ts';
import { LIMITS } from '../../shared/limits.ts';
import { ROOT } from '../support/addresses.ts';
import { startDeno } from '../support/deno-server.ts';
import { serving } from '../support/platforms.ts';

const TOKENIZE = '/v1/tokenize?model=fable-4m&text=';

describe('Deno', () => {
  const { base } = serving(startDeno);

  it('gives its counters to this machine alone', async () => {
    await request(base, `${TOKENIZE}counted`);
    await request(base, `${TOKENIZE}counted`);
    await request(base, '/v1/nothing');
    await request(base, '/favicon.svg');
    const { status, headers, text } = await request(base, '/metrics');
    expect([status, headers.get('Content-Type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    const count = (sample: string): number => Number(text.split('\n').find((line) => line.startsWith(`${sample} `))?.split(' ')[1]); // prettier-ignore
    expect(count('residscope_http_requests_total{method="GET",route="/v1/tokenize",status="200"}')).toBe(2);
    expect(count('residscope_http_requests_total{method="GET",route="none",status="404"}')).toBe(1);
    expect(count('residscope_http_requests_total{method="GET",route="static",status="200"}')).toBe(1);
    expect(count('residscope_http_request_duration_seconds_count{route="/v1/tokenize"}')).toBe(2);
    expect(count('residscope_prompt_cache_total{result="hit"}')).toBe(1);
    expect(count('residscope_prompt_cache_total{result="miss"}')).toBe(1);
    const passedOn = await request(base, '/metrics', { headers: { 'X-Forwarded-For': '127.0.0.1' } });
    expectProblem(passedOn, 403, 'forbidden', /from this machine, or METRICS_TOKEN/);
  });

  it('gives a part of a file, and packs text', async () => {
    const path = '/models/fable-4m/model.safetensors';
    const part = await fetch(base() + path, { headers: { Range: 'bytes=8-15' } });
    expect([part.status, part.headers.get('Content-Range')]).toEqual([206, 'bytes 8-15/8798272']);
    const bytes = new Uint8Array(await part.arrayBuffer());
    const whole = new Uint8Array(await (await fetch(base() + path)).arrayBuffer());
    expect([...bytes]).toEqual([...whole.subarray(8, 16)]);
    expect(whole.byteLength).toBe(8_798_272);
    const packed = await fetch(`${base()}/models/fable-4m/tokenizer.json`, {
      headers: { 'Accept-Encoding': 'gzip' },
    });
    expect(packed.headers.get('Content-Encoding')).toBe('gzip');
    expect((await packed.arrayBuffer()).byteLength).toBe(262_563);
    const again = await request(base, '/models/fable-4m/tokenizer.json', {
      headers: { 'If-None-Match': packed.headers.get('ETag') ?? '' },
    });
    expect(again.status).toBe(304);
  });

  it('keeps an encoding that is five times a value of KV before it is packed', async () => {
    // Rare characters are four tokens each: 320 kB of JSON, 49 kB packed.
    const text = Array.from({ length: LIMITS.textBytes / 4 - 10 }, (_, i) => String.fromCodePoint(0x20000 + ((i * 7919) % 40_000))).join(''); // prettier-ignore
    const first = await post(base, '/v1/tokenize', { model: 'fable-4m', text });
    const second = await post(base, '/v1/tokenize', { model: 'fable-4m', text });
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.json).toEqual({ ...(first.json as object), cached: true });
    expect((await request(base, '/metrics')).text).not.toContain('residscope_store_errors_total{');
  });
});

describe('Deno with variables', () => {
  const { base } = serving(startDeno, { variables: { METRICS_TOKEN: 'a token', RATE_READ: '2' } });

  it('gives its counters for the token', async () => {
    const asked = (token: string) =>
      request(base, '/metrics', { headers: { Authorization: `Bearer ${token}` } });
    expect((await asked('a token')).status).toBe(200);
    expectProblem(await asked('another'), 403, 'forbidden', /Bearer and the token/);
    expectProblem(await request(base, '/metrics'), 403, 'forbidden', /Bearer/);
  });

  it('does not believe X-Forwarded-For, Forwarded or CF-Connecting-IP unless told to', async () => {
    const answers = [];
    for (let i = 0; i < 6; i++) {
      const address = `203.0.113.${i}`;
      const headers = {
        'X-Forwarded-For': address,
        'CF-Connecting-IP': address,
        Forwarded: `for=${address}`,
      };
      answers.push((await request(base, '/v1/models', { headers })).status);
    }
    // Two a window, and the clock may turn once.
    expect(answers.filter((status) => status === 200).length).toBeLessThanOrEqual(4);
    expect(answers).toContain(429);
  });
});

describe('Deno, started again', () => {
  it('still has its prompts, and no address in its store', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'residscope-kept-'));
    const variables = { KV_PATH: join(folder, 'kv.sqlite3'), RATE_TOKENIZE: '100' };
    try {
      for (const expected of ['miss', 'hit']) {
        const server = await startDeno({ variables });
        try {
          const { headers } = await request(() => server.url, `${TOKENIZE}kept`);
          expect(headers.get('X-Cache')).toBe(expected);
        } finally {
          await server.stop();
        }
      }
      // SQLite keeps what it holds as it is, in the file or the log beside it.
      const found = spawnSync('grep', ['-rlaF', '127.0.0.1', folder], { encoding: 'utf8' });
      expect(found.stdout).toBe('');
      expect(spawnSync('grep', ['-rlaF', 'prompts', folder], { encoding: 'utf8' }).stdout).not.toBe('');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('shares limits and prompts with another process on the same store', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'residscope-two-'));
    const variables = { KV_PATH: join(folder, 'kv.sqlite3'), RATE_TOKENIZE: '40' };
    const first = await startDeno({ variables });
    try {
      const second = await startDeno({ variables });
      try {
        const asked: (readonly [number, string | null])[] = [];
        for (let i = 0; i < 120; i += 6) {
          const some = Array.from({ length: 6 }, async (_, j) => {
            const server = (i + j) % 2 === 0 ? first : second;
            const { status, headers } = await request(() => server.url, `${TOKENIZE}two${i}`);
            return [status, headers.get('X-Cache')] as const;
          });
          asked.push(...(await Promise.all(some)));
        }
        const passed = asked.filter(([status]) => status === 200);
        // The clock may turn once.
        expect(passed.length).toBeLessThanOrEqual(80);
        expect(passed.length).toBeGreaterThanOrEqual(36);
        expect(asked.map(([status]) => status)).toContain(429);
        expect(passed.map(([, cache]) => cache)).toContain('hit');
        expect(`${first.output()}${second.output()}`).not.toMatch(/"rate limit"|"prompt store"|locked/);
      } finally {
        await second.stop();
      }
    } finally {
      await first.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('says what is wrong with a variable', async () => {
    await expect(startDeno({ variables: { RATE_READ: 'many' } })).rejects.toThrow(
      'RATE_READ: expected a whole number, 0 or more, got "many"',
    );
  });
});

describe('the starter', () => {
  it('permits the network, the site, the store and the named variables, and nothing else', async () => {
    const text = await readFile(join(ROOT, 'scripts/serve-deno.mjs'), 'utf8');
    expect([...text.matchAll(/--allow-[a-z]+/g)].map(([flag]) => flag).sort()).toEqual([
      '--allow-env',
      '--allow-net',
      '--allow-read',
      '--allow-write',
    ]);
    expect(text).not.toMatch(/--allow-all|'-A'|--allow-(?:env|read|write)'/);
  });
});
