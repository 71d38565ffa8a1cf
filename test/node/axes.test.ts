/** Batch, padding, past, offset and memory limits, on wasm and on WebGPU (Dawn on SwiftShader). */
import { describe, expect, it } from 'vitest';
import { AXES_NAMES, runAxes } from '../cases/axes.ts';
import type { CaseResult } from '../cases/parity.ts';
import { importLibrary } from '../support/library.ts';
import { LIMIT_MS } from '../support/parity-tests.ts';
import { dawnMissing, runOnSwiftshader } from '../support/swiftshader.ts';

function expectAll(results: readonly CaseResult[]): void {
  console.log(results.map((r) => `${r.passed ? ' ' : '✗'} ${r.name}: ${r.detail}`).join('\n'));
  expect(results.map((r) => r.name)).toEqual(AXES_NAMES);
  expect(results.filter((r) => !r.passed)).toEqual([]);
}

describe('axes', () => {
  it('on wasm', async () => {
    const { LensModel } = await importLibrary();
    expectAll(await runAxes((options) => LensModel.load('fable-4m', { device: 'wasm', ...options })));
  });

  it('on WebGPU', { timeout: LIMIT_MS }, async ({ skip }) => {
    const missing = await dawnMissing();
    skip(missing !== undefined, missing);
    expectAll((await runOnSwiftshader('test/support/axes.child.ts', LIMIT_MS)) as CaseResult[]);
  });
});
