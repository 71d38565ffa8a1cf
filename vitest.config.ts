/**
 * Test runs: `unit` is fast and pure; the others use the built library, real servers and a real browser. One project
 * after the other, and a file at a time past `unit`: each of them takes both cores of a small machine.
 */
import { defineConfig } from 'vitest/config';

/** A project that needs what the npm packages carry, unpacked before the first test asks for it. */
function heavy(name: string, order: number, seconds: number) {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      globalSetup: 'test/support/unpack.ts',
      setupFiles: 'test/support/fuzz-seed.ts',
      testTimeout: seconds * 1000,
      hookTimeout: 240_000,
      fileParallelism: false,
      sequence: { groupOrder: order },
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 20_000,
          // By default one core stays free: on two, half the machine.
          maxWorkers: '100%',
          pool: 'threads',
          setupFiles: 'test/support/fuzz-seed.ts',
          sequence: { groupOrder: 0 },
        },
      },
      heavy('node', 1, 120),
      heavy('http', 2, 60),
      heavy('browser', 3, 240),
    ],
  },
});
