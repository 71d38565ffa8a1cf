/** Headers of an answer that a route has finished. */
import type { Context } from 'hono';

/**
 * Sets headers in place: Hono's `c.header` makes a finished answer anew for each, which costs more than a warm answer
 * itself. What came from elsewhere (a file of the platform's) can't be changed in place, and is made anew once.
 */
export function setHeaders(c: Context, headers: Iterable<readonly [string, string]>): void {
  for (const [name, value] of headers) {
    try {
      c.res.headers.set(name, value);
    } catch {
      c.res = new Response(c.res.body, c.res);
      c.res.headers.set(name, value);
    }
  }
}
