/** A parity run as vitest tests: one test a case, each asserting what the run found. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type CaseResult, parityNames, type ParityModel } from '../cases/parity.ts';
import { sharedMissing } from './addresses.ts';

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
      if (reason !== undefined) return;
      try {
        for (const result of await run()) results.set(result.name, result);
      } catch (error) {
        broken = error; // A hook that throws would show as tests skipped.
        return;
      }
      const worst = [...results.values()].map((r) => `${r.passed ? ' ' : '✗'} ${r.name}: ${r.detail}`);
      console.log(`parity: ${title}\n${worst.join('\n')}`);
    });

    it('has cases', ({ skip }) => {
      skip(reason !== undefined, reason);
      expect(broken).toBeUndefined();
      expect(results.size).toBeGreaterThan(20);
      expect([...results.keys()]).toEqual(parityNames(models));
    });

    for (const name of parityNames(models)) {
      it(name, ({ skip }) => {
        skip(reason !== undefined, reason);
        const result = results.get(name);
        expect(result, `no result of ${name}`).toBeDefined();
        expect(result?.passed, result?.detail).toBe(true);
      });
    }
  });
}
