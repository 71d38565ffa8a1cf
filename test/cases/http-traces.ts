/** Stored traces, as any server must keep them: stored, read, deleted with the token, blocked; who may do it. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../shared/formats/json.ts';
import { canonicalOf, freshTrace, idOf, reversed } from '../support/real-trace.ts';
import { type Answer, type Base, expectOpen, expectProblem, request } from './http-client.ts';

export const TRACE_TYPE = 'application/vnd.residscope.trace+json';
const DAY = 86_400_000;
const NOBODY = '0123456789abcdef'.repeat(4);

/** POST /v1/traces; an object is sent as JSON. */
export function upload(
  base: Base,
  body: JsonObject | Uint8Array<ArrayBuffer> | string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const raw = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  return request(base, '/v1/traces', {
    method: 'POST',
    headers: { 'Content-Type': TRACE_TYPE, ...headers },
    body: raw,
  });
}

/** Stores a new trace. */
export async function stored(base: Base, members: JsonObject = {}) {
  const trace = await freshTrace(members);
  const answer = await upload(base, trace);
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 201 });
  return { trace, answer, ...(answer.json as { id: string; url: string; deleteToken: string }) };
}

/** DELETE /v1/traces/ID. @param authorization undefined: the header is not sent. */
function remove(base: Base, id: string, authorization?: string, more: Record<string, string> = {}) {
  const headers = { ...more, ...(authorization === undefined ? {} : { Authorization: authorization }) };
  return request(base, `/v1/traces/${id}`, { method: 'DELETE', headers });
}

/** @param days that the server keeps traces. */
export function traceCases(base: Base, days: number): void {
  it('stores a trace under the hash of its canonical form, and tells its token once', async () => {
    const trace = await freshTrace();
    const first = await upload(base, trace);
    const id = idOf(trace);
    expect(first.status).toBe(201);
    expect(first.json).toEqual({
      id,
      url: `${base()}/t/${id}`,
      deleteToken: expect.stringMatching(/^[\w-]{43}$/) as string,
      expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
    });
    const { expiresAt } = first.json as { expiresAt: string };
    expect(Math.abs(Date.parse(expiresAt) - Date.now() - days * DAY)).toBeLessThan(600_000);
    expect(first.headers.get('Location')).toBe(`/v1/traces/${id}`);
    expect(first.headers.get('Cache-Control')).toBe('no-store');

    // Names in another order, another device, other times, another media type: the same trace.
    const same = reversed({
      ...trace,
      device: { name: 'webgpu', detail: '', reason: '' },
      timings: { done: 1 },
    });
    const second = await upload(base, same as JsonObject, {
      'Content-Type': 'application/json; charset=utf-8',
    });
    expect([second.status, second.json]).toEqual([200, { id, url: `${base()}/t/${id}` }]);
    expect(second.headers.get('Location')).toBe(`/v1/traces/${id}`);
    expect(second.text).not.toContain('deleteToken');
  });

  it('takes gzip, and gives the canonical form back byte for byte, device and timings left out', async () => {
    const trace = await freshTrace();
    const packed = new Uint8Array(gzipSync(JSON.stringify(trace)));
    expect((await upload(base, packed, { 'Content-Encoding': 'gzip' })).status).toBe(201);
    const { status, headers, text, json } = await request(base, `/v1/traces/${idOf(trace)}`);
    expect([status, headers.get('Content-Type')]).toEqual([200, TRACE_TYPE]);
    expect(text).toBe(canonicalOf(trace));
    expect(trace).toHaveProperty('device');
    expect(json).not.toHaveProperty('device');
    expect(json).not.toHaveProperty('timings');
  });

  it('keeps members that it does not know', async () => {
    const { id } = await stored(base, { 'x-note': { of: ['mine', 1.5e-7, 'ü😀'] } });
    const { json } = await request(base, `/v1/traces/${id}`);
    expect(json).toHaveProperty('x-note', { of: ['mine', 1.5e-7, 'ü😀'] });
  });

  it('is immutable to caches for as long as it lives, to shared ones for an hour; HEAD says the same', async () => {
    const { id } = await stored(base);
    const get = await request(base, `/v1/traces/${id}`);
    const head = await request(base, `/v1/traces/${id}`, { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    for (const { headers } of [get, head]) {
      expect(headers.get('ETag')).toBe(`"${id}"`);
      expect(headers.get('Content-Type')).toBe(TRACE_TYPE);
      const [, age] = /^public, max-age=(\d+), s-maxage=3600, immutable$/.exec(headers.get('Cache-Control') ?? '') ?? []; // prettier-ignore
      expect(Number(age)).toBeLessThanOrEqual((days * DAY) / 1000);
      expect(Number(age)).toBeGreaterThan((days * DAY) / 1000 - 600);
    }
    expectOpen(get);
  });

  it('says 304 to a reader who has it', async () => {
    const { id } = await stored(base);
    for (const tag of [`"${id}"`, `W/"${id}"`, `"other", "${id}"`, '*']) {
      const { status, text, headers } = await request(base, `/v1/traces/${id}`, {
        headers: { 'If-None-Match': tag },
      });
      expect([status, text, headers.get('ETag')]).toEqual([304, '', `"${id}"`]);
    }
    const other = await request(base, `/v1/traces/${id}`, { headers: { 'If-None-Match': '"other"' } });
    expect(other.status).toBe(200);
  });

  it('deletes with the token that storing gave, and with no other', async () => {
    const { id, trace, deleteToken, answer } = await stored(base);
    const { deleteToken: other } = await stored(base);
    const without = await remove(base, id);
    expectProblem(without, 401, 'unauthorized', /expected Bearer and the token/);
    expect(without.headers.get('WWW-Authenticate')).toBe('Bearer realm="traces"');
    expectProblem(await remove(base, id, `Basic ${deleteToken}`), 401, 'unauthorized', /Bearer/);
    for (const wrong of [other, `${deleteToken}x`, deleteToken.slice(1), deleteToken.toLowerCase()])
      expectProblem(await remove(base, id, `Bearer ${wrong}`), 403, 'forbidden', /expected the token/);
    expect((await request(base, `/v1/traces/${id}`)).status).toBe(200);
    expect(answer.text).toContain(deleteToken);

    const gone = await remove(base, id, `Bearer ${deleteToken}`);
    expect([gone.status, gone.text]).toEqual([204, '']);
    expectProblem(
      await request(base, `/v1/traces/${id}`),
      404,
      'not-found',
      /expired, was deleted, or never/,
    );
    expectProblem(await remove(base, id, `Bearer ${deleteToken}`), 404, 'not-found', /expired, was deleted/);
    // Stored again it has another token.
    const again = await upload(base, trace);
    expect(again.status).toBe(201);
    expect(again.json).not.toHaveProperty('deleteToken', deleteToken);
    expect((await remove(base, id, `Bearer ${deleteToken}`)).status).toBe(403);
  });

  it.each([NOBODY, NOBODY.toUpperCase(), 'abc', `${NOBODY}0`, '..%2f..', 'ä', '__proto__'])(
    'has nothing under the id %s',
    async (id) => {
      for (const path of ['', '/card.svg', '/card.png'])
        expectProblem(
          await request(base, `/v1/traces/${id}${path}`),
          404,
          'not-found',
          /there is no such trace/,
        );
      expectProblem(await remove(base, id, 'Bearer token'), 404, 'not-found', /there is no such trace/);
    },
  );

  it('of identical uploads at once stores one', async () => {
    const trace = await freshTrace();
    const answers = await Promise.all(Array.from({ length: 6 }, () => upload(base, trace)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201]);
    const first = answers.find(({ status }) => status === 201)?.json as { deleteToken: string };
    expect((await remove(base, idOf(trace), `Bearer ${first.deleteToken}`)).status).toBe(204);
  });

  describe('other sites', () => {
    const FROM: [string, Record<string, string>][] = [
      ['a page elsewhere', { Origin: 'https://example.org' }],
      ['a page without an origin', { Origin: 'null' }],
      ['a page of a neighbour', { 'Sec-Fetch-Site': 'same-site' }],
      ['a page elsewhere that hides its origin', { 'Sec-Fetch-Site': 'cross-site' }],
    ];
    it.each(FROM)('%s may neither store nor delete', async (_, headers) => {
      const trace = await freshTrace();
      expectProblem(await upload(base, trace, headers), 403, 'forbidden', /from a page elsewhere/);
      expect((await request(base, `/v1/traces/${idOf(trace)}`)).status).toBe(404);
      const { id, deleteToken } = await stored(base);
      const refused = await remove(base, id, `Bearer ${deleteToken}`, headers);
      expectProblem(refused, 403, 'forbidden', /from a page elsewhere/);
      expect((await request(base, `/v1/traces/${id}`)).status).toBe(200);
    });

    it('may read, after a preflight if they like', async () => {
      const { id } = await stored(base);
      for (const path of ['', '/card.svg', '/card.png']) {
        const preflight = await request(base, `/v1/traces/${id}${path}`, {
          method: 'OPTIONS',
          headers: {
            Origin: 'https://example.org',
            'Access-Control-Request-Method': 'GET',
            'Access-Control-Request-Headers': 'if-none-match',
          },
        });
        expect([preflight.status, preflight.headers.get('Access-Control-Allow-Origin')]).toEqual([204, '*']);
        expect(preflight.headers.get('Access-Control-Allow-Methods')).toBe('GET,HEAD');
        expect(preflight.headers.get('Access-Control-Allow-Headers')).toMatch(/if-none-match/i);
        const read = await request(base, `/v1/traces/${id}${path}`, {
          headers: { Origin: 'https://example.org' },
        });
        expect(read.status).toBe(200);
        expectOpen(read);
      }
    });

    it('this server’s own page may store and delete', async () => {
      const own = { Origin: base(), 'Sec-Fetch-Site': 'same-origin' };
      const answer = await upload(base, await freshTrace(), own);
      expect(answer.status).toBe(201);
      const { id, deleteToken } = answer.json as { id: string; deleteToken: string };
      expect((await remove(base, id, `bearer  ${deleteToken}`, own)).status).toBe(204);
    });
  });
}
