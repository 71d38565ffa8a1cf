/** Waiting for a store or a hub no longer than it deserves. */

/** Milliseconds that an answer waits for a store. */
export const STORE_DEADLINE = 3_000;

/**
 * What `work` gives, or an error when it takes longer. Work that takes a signal should be given
 * `AbortSignal.timeout` instead: this one goes on behind the answer's back.
 *
 * @param what names it in the error.
 * @param ms milliseconds.
 * @throws {Error} named `TimeoutError`: `prompts: expected an answer within 3000 ms`
 */
export async function within<T>(work: Promise<T>, what: string, ms: number = STORE_DEADLINE): Promise<T> {
  let stop = (): void => undefined;
  const late = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => {
      const error = new Error(`${what}: expected an answer within ${ms} ms`);
      error.name = 'TimeoutError';
      reject(error);
    }, ms);
    stop = () => clearTimeout(timer);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    stop();
  }
}
