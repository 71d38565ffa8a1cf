/** Memory limits, on wasm and on WebGPU (Dawn on SwiftShader). */
import { describe, expect, it } from 'vitest';
import { runMemory } from '../cases/memory.ts';
import { importLibrary } from '../support/library.ts';
import { LIMIT_MS } from '../support/parity-tests.ts';
import { dawnMissing, runOnSwiftshader } from '../support/swiftshader.ts';

describe('memory limits give the same numbers', () => {
  it('on wasm', async () => {
    const { LensModel } = await importLibrary();
    const result = await runMemory((options) => LensModel.load('fable-4m', { device: 'wasm', ...options }));
    expect(result, result.detail).toMatchObject({ passed: true });
  });

  it('on WebGPU', { timeout: LIMIT_MS }, async ({ skip }) => {
    const missing = await dawnMissing();
    skip(missing !== undefined, missing);
    expect(await runOnSwiftshader('test/support/memory.child.ts', LIMIT_MS)).toMatchObject({ passed: true });
  });
});
