/** Memory limits on wasm and WebGPU, and a GPU that is lost in the middle of a run (Dawn on SwiftShader, or on a graphics card). */
import { beforeAll, describe, expect, it } from 'vitest';
import { runMemory } from '../cases/memory.ts';
import type { CaseResult } from '../cases/parity.ts';
import { importLibrary } from '../support/library.ts';
import { LIMIT_MS } from '../support/parity-tests.ts';
import { dawnMissing, runOnDawn } from '../support/dawn-child.ts';

it('memory limits give the same numbers on wasm', async () => {
  const { LensModel } = await importLibrary();
  const result = await runMemory((options) => LensModel.load('fable-4m', { device: 'wasm', ...options }));
  expect(result, result.detail).toMatchObject({ passed: true });
});

describe('WebGPU in Node', () => {
  let missing: string | undefined;
  let found: { memory: CaseResult; lost: string; after: string; opened: number } | undefined;

  beforeAll(async () => {
    missing = await dawnMissing();
    if (missing === undefined) {
      found = (await runOnDawn('test/support/webgpu-states.child.ts', LIMIT_MS)) as typeof found;
    }
  }, LIMIT_MS);

  it('memory limits give the same numbers', ({ skip }) => {
    skip(missing !== undefined, missing);
    expect(found?.memory).toMatchObject({ passed: true });
  });

  it('a lost device ends the run in a clear error, and the next run opens another', ({ skip }) => {
    skip(missing !== undefined, missing);
    expect(found?.lost).toMatch(/^device: .*the GPU was lost .*Run again/);
    expect(found?.after).toBe(' Paris');
    expect(found?.opened).toBe(2);
  });
});
