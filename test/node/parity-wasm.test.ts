/** Parity on wasm in Node. */
import { runParity } from '../cases/parity.ts';
import { onDevice, type SubjectOptions } from '../cases/parity-run.ts';
import { pathOf, readBytes } from '../support/addresses.ts';
import { importLibrary } from '../support/library.ts';
import { parityTests } from '../support/parity-tests.ts';

parityTests('wasm in Node', undefined, async () => {
  const { LensModel } = await importLibrary();
  const load = (folder: string, options: SubjectOptions) =>
    onDevice('wasm', LensModel.load(pathOf(folder), { device: 'wasm', ...options }));
  return runParity({ load, readBytes });
});
