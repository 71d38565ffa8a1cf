/** Child process: the parity cases on WebGPU in Node. Sends the results. */
import { runParity, WEBGPU_NODE_MODELS } from '../cases/parity.ts';
import { onDevice, type SubjectOptions } from '../cases/parity-run.ts';
import { pathOf, readBytes } from './addresses.ts';
import { importLibrary } from './library.ts';

const { LensModel } = await importLibrary();
const load = (folder: string, options: SubjectOptions) =>
  onDevice('webgpu', LensModel.load(pathOf(folder), { device: 'webgpu', ...options }));
process.send?.(await runParity({ load, readBytes }, WEBGPU_NODE_MODELS));
