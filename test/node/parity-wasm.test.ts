/** Parity on wasm in Node. */
import { expect, it } from 'vitest';
import { casesOf, PARITY_MODELS, resultOf, runParity } from '../cases/parity.ts';
import { ModelRun, onDevice, type ParityEnvironment } from '../cases/parity-run.ts';
import { pathOf, readBytes, sharedMissing } from '../support/addresses.ts';
import { importLibrary } from '../support/library.ts';
import { parityTests } from '../support/parity-tests.ts';

async function environment(): Promise<ParityEnvironment> {
  const { LensModel } = await importLibrary();
  return {
    load: (folder, options) =>
      onDevice('wasm', LensModel.load(pathOf(folder), { device: 'wasm', ...options })),
    readBytes,
  };
}

parityTests('wasm in Node', undefined, async () => runParity(await environment()));

/** Which goldens are of which constants: each set fails on the other's. */
it.skipIf(sharedMissing)('parity: constants in bf16 and in f32 are told apart', async () => {
  const { load, readBytes } = await environment();
  const swapped: ParityEnvironment = {
    load: (folder, { constants }) => load(folder, { constants: constants === 'f32' ? 'bf16' : 'f32' }),
    readBytes,
  };
  for (const model of PARITY_MODELS.filter(({ folder }) => /\/(llama|gemma3_text)$/.test(folder))) {
    const run = new ModelRun(model, swapped);
    for (const c of casesOf(model).filter(({ name }) => /resid_post|pattern|^logits/.test(name))) {
      const { passed, worst } = await resultOf(c.name, () => c.run(run));
      expect(passed, `${model.name}: ${c.name}`).toBe(false);
      expect(worst).toBeGreaterThan(5e-4);
      expect(worst).toBeLessThan(2e-2);
    }
    await run.dispose();
  }
});
