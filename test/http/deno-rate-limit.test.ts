/** Deno's rate limiter on a real Deno KV, shared by several: no more passes than the limit, and few writes. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/addresses.ts';
import type { Outcome, Plan } from '../support/rate-plan.ts';

async function run(plan: Plan): Promise<Outcome & { passed: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'residscope-rates-'));
  const { runInstall } = createRequire(import.meta.url)('deno/install_api.cjs') as {
    runInstall: () => string;
  };
  const flags = ['run', '--no-check', '--no-remote', '--unstable-kv'];
  const child = spawn(
    runInstall(),
    [
      ...flags,
      `--allow-read=${folder}`,
      `--allow-write=${folder}`,
      'test/deno/rate-limit.child.ts',
      join(folder, 'kv.sqlite3'),
    ],
    { cwd: ROOT, env: { ...process.env, DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' } },
  );
  try {
    let [output, errors] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    const status = new Promise<number | null>((resolve) => child.once('close', resolve));
    child.stdin.end(JSON.stringify(plan));
    expect(await status, errors).toBe(0);
    const outcome = JSON.parse(output) as Outcome;
    return { ...outcome, passed: outcome.allowed.filter(Boolean).length };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `length` requests by one of `processes` each, in an order that looks random and is always the same. */
function scattered(length: number, processes: number): number[] {
  return Array.from({ length }, (_, i) => ((i * 7919 + 13) % 104_729) % processes);
}

describe('the rate limiter on Deno KV', () => {
  it('passes the limit to the request, tells what is left, and writes far less than once a request', async () => {
    const outcome = await run({ limit: 600, processes: 1, order: scattered(700, 1), atOnce: 1 });
    expect(outcome.passed).toBe(600);
    expect(outcome.allowed.lastIndexOf(true)).toBe(599);
    expect(outcome.remaining).toEqual([
      ...Array.from({ length: 600 }, (_, i) => 599 - i),
      ...new Array<number>(100).fill(0),
    ]);
    expect(outcome.writes).toBeLessThan(60);
    // What is refused costs nothing once it is known.
    expect(outcome.reads).toBeLessThanOrEqual(outcome.writes + 1);
  });

  it.each([1, 2, 3, 9])('is exact at a limit of %i', async (limit) => {
    const outcome = await run({ limit, processes: 1, order: scattered(3 * limit, 1), atOnce: 1 });
    expect(outcome.passed).toBe(limit);
  });

  it.each([
    [2, 1],
    [4, 1],
    [4, 20],
  ])(
    'passes no more than the limit over %i processes, %i requests at once, and little less',
    async (processes, atOnce) => {
      // prettier-ignore
      const outcome = await run({ limit: 600, processes, order: scattered(2000, processes), atOnce });
      expect(outcome.passed).toBeLessThanOrEqual(600);
      expect(outcome.passed).toBeGreaterThanOrEqual(600 - 10 * processes);
      expect(outcome.writes).toBeLessThan(600);
      for (const left of outcome.remaining) expect(left).toBeGreaterThanOrEqual(0);
    },
  );

  it('loses to an idle process at most an eighth', async () => {
    // One takes shares for half of the budget and falls silent; the other goes on alone.
    const order = [...new Array<number>(300).fill(0), ...new Array<number>(600).fill(1)];
    const outcome = await run({ limit: 600, processes: 2, order, atOnce: 1 });
    expect(outcome.passed).toBeLessThanOrEqual(600);
    expect(outcome.passed).toBeGreaterThanOrEqual(525);
  });

  it('begins anew with the next window', async () => {
    const outcome = await run({ limit: 20, processes: 2, order: scattered(120, 2), atOnce: 1, pause: 60_000 }); // prettier-ignore
    expect(outcome.allowed.slice(0, 20)).toContain(true);
    expect(outcome.allowed.slice(40, 60)).not.toContain(true);
    expect(outcome.allowed[60]).toBe(true);
    expect(outcome.passed).toBeLessThanOrEqual(40);
    expect(outcome.passed).toBeGreaterThanOrEqual(36);
  });
});
