/**
 * The edge's app against random requests and traces: never a 5xx, never a hang, and what is stored comes back as it
 * was. The same requests go to the real servers in test/http/api.test.ts.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sha256 } from '../../shared/sha256.ts';
import { parseTrace } from '../../shared/trace/decode.ts';
import { createApp } from '../../worker/app.ts';
import { EmbeddedTokenizers } from '../../worker/models.ts';
import type { TraceRecord, TraceStore } from '../../worker/ports.ts';
import { ROOT } from '../support/addresses.ts';
import { apiRequest, hostileTrace, type ApiRequest, isSound } from '../support/api-requests.ts';

/** Milliseconds after which a request counts as one that hangs. */
const HANG = 10_000;

const records = new Map<string, TraceRecord>();
const store: TraceStore = {
  get: (id) => Promise.resolve(records.get(id) ?? 'absent'),
  put: (id, record) => {
    if (records.has(id)) return Promise.resolve('present');
    records.set(id, record);
    return Promise.resolve('stored');
  },
  delete: () => Promise.resolve('absent'),
};

const app = createApp({
  prompts: { get: () => Promise.resolve(undefined), put: () => Promise.resolve() },
  promptBytes: 2 ** 20,
  tokenizers: new EmbeddedTokenizers((path) =>
    Promise.resolve(JSON.parse(readFileSync(`${ROOT}/site/public${path}`, 'utf8'))),
  ),
  traces: {
    store,
    cards: { png: (_, svg) => Promise.resolve(new TextEncoder().encode(svg())) },
    page: () => Promise.resolve(new Response('<!doctype html><html><head><title>t</title></head></html>')),
    days: 1,
    bytes: 2 ** 21,
    blocked: new Set(),
  },
  log: { write: () => undefined },
});

async function ask({ path, method, headers, body }: ApiRequest): Promise<Response> {
  const init = { method, headers, ...(body !== undefined && { body }) };
  return app.request(path, init);
}

/** A 2xx or 3xx, or a problem that says whose fault it is. */
async function expectAnswer(response: Response): Promise<void> {
  const text = await response.text();
  expect(response.status, text.slice(0, 200)).toSatisfy(isSound);
  if (response.status < 400 || text === '') return;
  expect(response.headers.get('Content-Type')).toMatch(/^application\/problem\+json|^text\/html/);
  if (response.headers.get('Content-Type') === 'application/problem+json') {
    expect(JSON.parse(text)).toMatchObject({ status: response.status, detail: expect.any(String) as string });
  }
}

it('answers any request without failing', { timeout: 180_000 }, async () => {
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(apiRequest, async (request) => {
      const response = await ask(request);
      seen.add(response.status);
      await expectAnswer(response);
    }),
    { numRuns: 6_000, timeout: HANG },
  );
  // The requests reach what is behind the checks, and each of the checks.
  for (const status of [200, 400, 404, 405, 415, 422]) expect(seen).toContain(status);
});

it('stores a changed trace as it is, or refuses it', { timeout: 180_000 }, async () => {
  let [stored, refused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(hostileTrace, async (trace) => {
      const headers = { 'Content-Type': 'application/json' };
      const response = await ask({ path: '/v1/traces', method: 'POST', headers, body: trace });
      if (response.status !== 200 && response.status !== 201) {
        refused++;
        expect([400, 413, 422]).toContain(response.status);
        return expectAnswer(response);
      }
      stored++;
      const { id } = (await response.json()) as { id: string };
      const back = await (await app.request(`/v1/traces/${id}`)).text();
      parseTrace(back);
      expect(await sha256(back)).toBe(id);
      const again = await ask({ path: '/v1/traces', method: 'POST', headers, body: back });
      expect([again.status, ((await again.json()) as { id: string }).id]).toEqual([200, id]);
      for (const path of [`/v1/traces/${id}/card.svg`, `/t/${id}`, `/oembed?url=http://localhost/t/${id}`]) {
        const shown = await app.request(path);
        expect([path, shown.status]).toEqual([path, 200]);
        await expectAnswer(shown);
      }
    }),
    { numRuns: 2_500, timeout: HANG },
  );
  expect(stored).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(100);
});
