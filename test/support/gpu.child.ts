/** Child process: what a graphics card is put to beside the parity suite. Says each result as it comes, sends them all. */
import { runGpu } from '../cases/gpu.ts';
import { onDevice } from '../cases/parity-run.ts';
import { pathOf, readBytes } from './addresses.ts';
import { importLibrary } from './library.ts';
import { SMOLLM2 } from './smollm2.ts';

const { LensModel } = await importLibrary();
process.send?.(
  await runGpu({
    load: (address, options) =>
      onDevice(options.device === 'wasm' ? 'wasm' : 'webgpu', LensModel.load(pathOf(address), options)),
    readBytes,
    smollm2: SMOLLM2,
    onResult: ({ name, passed, detail }) => console.log(`${passed ? 'ok' : 'FAILED'} ${name}: ${detail}`),
  }),
);
