/** A fresh process that answers once: a bench's own, so that a cold start is one. */
import { fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * @param script a child of this folder, bundled.
 * @param request its argument, as JSON.
 * @throws {Error} when it ends without an answer.
 */
export async function answerOf<Answer>(
  script: string,
  request: { readonly source: string },
): Promise<Answer> {
  const child = fork(script, [JSON.stringify(request)], { stdio: 'inherit' });
  try {
    const answer = once(child, 'message') as Promise<[Answer]>;
    const early = once(child, 'exit').then(([code]) => {
      throw new Error(`${request.source}: the process ended without times (${String(code)})`);
    });
    const [times] = await Promise.race([answer, early]);
    return times;
  } finally {
    child.kill('SIGKILL'); // Dawn's threads would keep it.
  }
}
