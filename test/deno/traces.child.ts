/**
 * The Deno KV store of traces in a real Deno process, asked over HTTP: `deno run … traces.child.ts KV_PATH`. A
 * write is any `set` or `commit`; the one that is to fail throws before it reaches the store.
 */
import { DenoTraces } from '../../worker/deno-traces.ts';
import type { TraceRecord } from '../../worker/ports.ts';

const kv = await Deno.openKv(Deno.args[0]);
let now: number | undefined;
let left = 0;

function write(): void {
  if (left > 0 && --left === 0) throw new Error('the disk is full');
}

/** The real store, with `write` before each write. */
const failing = new Proxy(kv, {
  get(target, name) {
    const value: unknown = Reflect.get(target, name, target);
    if (typeof value !== 'function') return value;
    return (...args: unknown[]): unknown => {
      if (name === 'set') write();
      const result: unknown = Reflect.apply(value, target, args);
      if (name !== 'atomic') return result;
      const operation = result as Deno.AtomicOperation;
      const commit = operation.commit.bind(operation);
      operation.commit = () => {
        write();
        return commit();
      };
      return operation;
    };
  },
});
const store = new DenoTraces(failing, () => now ?? Date.now());

interface Call {
  readonly name: 'get' | 'put' | 'delete' | 'clock' | 'block' | 'fail' | 'entries';
  readonly id: string;
  readonly value: string;
  readonly n: number;
  readonly record: Omit<TraceRecord, 'bytes'> & { readonly numbers: readonly number[] };
}

async function answer({ name, id, value, n, record }: Call): Promise<unknown> {
  switch (name) {
    case 'get': {
      const state = await store.get(id);
      return typeof state === 'string'
        ? state
        : { ...state, bytes: undefined, numbers: Array.from(state.bytes) };
    }
    case 'put': {
      const { numbers, deleteTokenHash, storedAt, expiresAt } = record;
      return store.put(id, { bytes: Uint8Array.from(numbers), deleteTokenHash, storedAt, expiresAt });
    }
    case 'delete':
      return store.delete(id, value);
    case 'clock':
      now = n;
      return null;
    case 'block':
      await kv.set(['blocked', id], true);
      return null;
    case 'fail':
      left = n;
      return null;
    case 'entries': {
      let entries = 0;
      for await (const entry of kv.list({ prefix: [] })) if (entry.key[0] !== 'blocked') entries++;
      return entries;
    }
  }
}

Deno.serve(
  { hostname: '127.0.0.1', port: 0, onListen: ({ port }) => console.log(`port ${port}`) },
  async (request) => {
    try {
      return Response.json(await answer((await request.json()) as Call));
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  },
);
