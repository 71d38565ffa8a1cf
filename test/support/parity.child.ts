/** Child process: the parity cases on WebGPU in Node, of the models whose names are its arguments. Sends the results. */
import { PARITY_MODELS, runParity } from '../cases/parity.ts';
import { onDevice, type SubjectOptions } from '../cases/parity-run.ts';
import { pathOf, readBytes } from './addresses.ts';
import { importLibrary } from './library.ts';

const { LensModel } = await importLibrary();
const load = (folder: string, options: SubjectOptions) =>
  onDevice('webgpu', LensModel.load(pathOf(folder), { device: 'webgpu', ...options }));
const names = process.argv.slice(2);
const models = PARITY_MODELS.filter(({ name }) => names.includes(name));
process.send?.(await runParity({ load, readBytes }, models));
