/**
 * Deno KV, opened for several processes at once. On one machine it is an SQLite file, and a write that finds another
 * process writing fails at once ("database is locked") with nothing done: here it waits its turn.
 */

/** Milliseconds between tries: the first, which doubles, and the longest. */
const FIRST_WAIT = 2;
const LONGEST_WAIT = 100;
/** Milliseconds after which it is given up. */
const PATIENCE = 2_000;

/** @param path of the file; undefined: Deno's own place, or the database of Deno Deploy. */
export async function openKv(path: string | undefined): Promise<Deno.Kv> {
  return patient(await Deno.openKv(path));
}

function patient(kv: Deno.Kv): Deno.Kv {
  return new Proxy(kv, {
    get(target, name) {
      if (name === 'atomic') return () => patientCommit(target.atomic());
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const call = (...args: unknown[]): unknown => Reflect.apply(value, target, args);
      if (name !== 'get' && name !== 'getMany' && name !== 'set' && name !== 'delete') return call;
      return (...args: unknown[]) => inTurn(() => call(...args) as Promise<unknown>);
    },
  });
}

function patientCommit(operation: Deno.AtomicOperation): Deno.AtomicOperation {
  const commit = operation.commit.bind(operation);
  operation.commit = () => inTurn(commit);
  return operation;
}

/** Tries again while another process holds the file. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const end = performance.now() + PATIENCE;
  for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    try {
      return await work();
    } catch (error) {
      if (!isLocked(error) || performance.now() > end) throw error;
    }
    // Not all at the same moment.
    const pause = wait * (0.5 + Math.random());
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && /\bdatabase (?:table )?is locked\b/.test(error.message);
}
