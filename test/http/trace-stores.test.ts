/** Stores of traces on the platforms' own parts, one suite for all. */
import { afterAll, beforeAll, describe } from 'vitest';
import { failingStoreCases } from '../cases/failing-store.ts';
import { traceStoreCases } from '../cases/trace-store.ts';
import { startDenoKv, startKv, startR2, type RunningStore } from '../support/trace-stores.ts';

const STORES = [
  ['R2 (miniflare)', startR2],
  ['Cloudflare KV (miniflare)', startKv],
  ['Deno KV', startDenoKv],
] as const;

describe.each(STORES)('%s', (_, start) => {
  let running: RunningStore | undefined;
  beforeAll(async () => {
    running = await start();
  });
  afterAll(() => running?.stop());
  const store = (): RunningStore => {
    if (!running) throw new Error('the store is not started yet');
    return running;
  };
  traceStoreCases(store);
  describe('behind the calls', () => failingStoreCases(store));
});
