/** A parity run as vitest tests: one test a case, each asserting what the run found. */
import { beforeAll, describe, expect, it } from 'vitest';
import { parityNames } from '../cases/parity.ts';
import type { ParityModel } from '../cases/parity-models.ts';
import type { CaseResult } from '../cases/parity-run.ts';
import { sharedMissing } from './addresses.ts';

/** SwiftShader is slow on a busy machine with two cores. */
export const LIMIT_MS = 600_000;

/** A line a model: its largest deviation, measured by its bound. */
function summary(title: string, results: readonly CaseResult[]): string[] {
  return [...new Set(results.map(modelOf))].map((model) => {
    const own = results.filter((result) => modelOf(result) === model);
    const bounded = own.filter((result) => result.bound > 0);
    const nearest = bounded.reduce<CaseResult | undefined>(
      (a, b) => (a && a.worst / a.bound >= b.worst / b.bound ? a : b),
      undefined,
    );
    const passed = own.filter((result) => result.passed).length;
    return `parity: ${title}: ${passed} of ${own.length} cases; nearest its bound: ${nearest?.name ?? model}: ${nearest?.detail ?? ''}`;
  });
}

function modelOf({ name }: CaseResult): string {
  return name.slice(0, name.indexOf(':'));
}

/**
 * @param title the implementation and the device.
 * @param skip why it can't run here, if it can't.
 * @param run gives every case's result; called once, before the tests.
 */
export function parityTests(
  title: string,
  skip: string | undefined,
  run: () => Promise<readonly CaseResult[]>,
  models?: readonly ParityModel[],
): void {
  const reason = sharedMissing ?? skip;
  describe(`parity: ${title}`, () => {
    const results = new Map<string, CaseResult>();
    let broken: unknown;

    beforeAll(async () => {
      if (reason !== undefined) {
        console.log(`parity: ${title}: skipped: ${reason}`);
        return;
      }
      try {
        for (const result of await run()) results.set(result.name, result);
      } catch (error) {
        broken = error; // A hook that throws would show as tests skipped.
        return;
      }
      for (const line of summary(title, [...results.values()])) console.log(line);
    }, LIMIT_MS);

    it('ends with a result for every case', ({ skip }) => {
      skip(reason !== undefined, reason);
      expect(broken).toBeUndefined();
      expect(results.size).toBeGreaterThan(20);
      expect([...results.keys()]).toEqual(parityNames(models));
    });

    for (const name of parityNames(models)) {
      it(name, ({ skip }) => {
        skip(reason !== undefined, reason);
        skip(broken !== undefined, 'the run broke off');
        const result = results.get(name);
        expect(result, `no result of ${name}`).toBeDefined();
        expect(result?.passed, result?.detail).toBe(true);
      });
    }
  });
}
