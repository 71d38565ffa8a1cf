/** What no request may do to a server, whoever made it: no 5xx, no hang, nothing that its description doesn't have. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseTrace } from '../../shared/trace/decode.ts';
import { apiRequest, hostileTrace, isSound } from '../support/api-requests.ts';
import { type Base, request } from './http-client.ts';

/** Milliseconds after which a request counts as one that hangs. */
const HANG = 20_000;
/** Cases that are asked at once: a property of fast-check is a batch of them. */
const BATCH = 8;

/** At least a thousand cases in all; a failing one is shrunk and printed with its seed. */
export function fuzzCases(base: Base): void {
  it('answers 800 random requests without failing', { timeout: 240_000 }, async () => {
    const batch = fc.array(apiRequest, { minLength: BATCH, maxLength: BATCH });
    await fc.assert(
      fc.asyncProperty(batch, async (requests) => {
        const answers = await Promise.all(
          requests.map(
            ({ path, method, headers, body }) =>
            request(base, path, { method, headers, ...(body !== undefined && { body }), signal: AbortSignal.timeout(HANG) }), // prettier-ignore
          ),
        );
        for (const [i, { status, text }] of answers.entries()) {
          expect(status, `${JSON.stringify(requests[i]).slice(0, 300)}: ${text.slice(0, 200)}`).toSatisfy(isSound); // prettier-ignore
        }
      }),
      { numRuns: 100 },
    );
  });

  it('stores 320 changed traces as they are, or refuses them', { timeout: 240_000 }, async () => {
    let stored = 0;
    const batch = fc.array(hostileTrace, { minLength: BATCH, maxLength: BATCH });
    await fc.assert(
      fc.asyncProperty(batch, async (traces) => {
        const counts = await Promise.all(traces.map((trace) => storedOrRefused(base, trace)));
        stored += counts.filter(Boolean).length;
      }),
      { numRuns: 40 },
    );
    expect(stored).toBeGreaterThan(10);
  });
}

/** Whether it was stored. */
async function storedOrRefused(base: Base, trace: string): Promise<boolean> {
  const headers = { 'Content-Type': 'application/vnd.residscope.trace+json' };
  const upload = { method: 'POST', headers, body: trace, signal: AbortSignal.timeout(HANG) };
  const { status, json, text } = await request(base, '/v1/traces', upload);
  if (status !== 200 && status !== 201) {
    expect([400, 413, 422], text.slice(0, 300)).toContain(status);
    return false;
  }
  const { id } = json as { id: string };
  const back = await request(base, `/v1/traces/${id}`, { signal: AbortSignal.timeout(HANG) });
  expect(createHash('sha256').update(back.text).digest('hex')).toBe(id);
  parseTrace(back.text);
  return true;
}
