/**
 * The machine's own graphics card, with RESIDSCOPE_GPU=1: SmolLM2, quantized matrices, products in f16, and readings
 * beside wasm's. Elsewhere all of it says skipped: SwiftShader has no half floats, and would take an hour.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { gpuNames, type GpuResults } from '../cases/gpu.ts';
import { sharedMissing } from '../support/addresses.ts';
import { dawnMissing, gpuMissing, runOnDawn } from '../support/dawn-child.ts';
import { LIMIT_MS } from '../support/parity-tests.ts';
import { SMOLLM2 } from '../support/smollm2.ts';

const missing = sharedMissing ?? gpuMissing ?? (await dawnMissing());

describe(`on a graphics card${missing ? `: ${missing}` : ''}`, () => {
  let found: GpuResults | undefined;

  beforeAll(async () => {
    if (missing !== undefined) return;
    found = (await runOnDawn('test/support/gpu.child.ts', LIMIT_MS)) as GpuResults;
    console.log(`on ${found.adapter}${found.f16 ? '' : ', without shader-f16'}`);
    for (const { name, detail } of found.results) console.log(`gpu: ${name}: ${detail}`);
  }, LIMIT_MS);

  for (const { name, needsHalves } of gpuNames(SMOLLM2)) {
    it(name, ({ skip }) => {
      skip(missing !== undefined, missing);
      skip(needsHalves && found?.f16 === false, 'the adapter has no shader-f16');
      const result = found?.results.find((each) => each.name === name);
      expect(result, `no result of ${name}`).toBeDefined();
      expect(result?.passed, result?.detail).toBe(true);
    });
  }
});
