/** The calls over a store whose writes fail: the caller hears 503, nothing is half there, and a second try works. */
import { expect, it } from 'vitest';
import { createApp } from '../../worker/app.ts';
import { EMBEDDED_MODELS } from '../../worker/models.ts';
import type { Ports } from '../../worker/ports.ts';
import { freshTrace, idOf } from '../support/real-trace.ts';
import type { StoreUnderTest } from './trace-store.ts';

const UNUSED = (): never => {
  throw new Error('not asked for here');
};

export function failingStoreCases(underTest: () => StoreUnderTest): void {
  it('a write that fails is a 503, counted and logged, and leaves nothing to read', async () => {
    const errors: unknown[] = [];
    const counted: string[] = [];
    const ports: Ports = {
      prompts: { get: UNUSED, put: UNUSED },
      tokenizers: { models: () => EMBEDDED_MODELS, resolve: UNUSED, load: UNUSED },
      traces: {
        store: underTest().store,
        cards: { png: UNUSED },
        page: UNUSED,
        days: 0,
        bytes: 2 ** 21,
        blocked: new Set(),
      },
      metrics: { request: () => undefined, count: (counter, label) => counted.push(`${counter} ${label}`) },
      log: {
        write: (level, event, fields) => {
          if (level === 'error') errors.push([event, fields?.['message']]);
        },
      },
    };
    const app = createApp(ports);
    const trace = await freshTrace();
    const upload = () =>
      app.request('/v1/traces', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(trace),
      });

    await underTest().failWrite(1);
    const failed = await upload();
    await underTest().failWrite(0);
    expect([failed.status, failed.headers.get('Retry-After')]).toEqual([503, '5']);
    expect(await failed.json()).toMatchObject({ type: 'urn:residscope:problem:unavailable' });
    expect(counted).toEqual(['store_errors traces']);
    expect(errors).toContainEqual(['traces', expect.stringContaining('the disk is full')]);
    expect((await app.request(`/v1/traces/${idOf(trace)}`)).status).toBe(404);

    const again = await upload();
    expect(again.status).toBe(201);
    const { id, deleteToken } = (await again.json()) as { id: string; deleteToken: string };
    expect((await app.request(`/v1/traces/${id}`)).status).toBe(200);
    const headers = { Authorization: `Bearer ${deleteToken}` };
    expect((await app.request(`/v1/traces/${id}`, { method: 'DELETE', headers })).status).toBe(204);
  });
}
