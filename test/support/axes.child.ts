/** Child process: the cases of the axes on WebGPU in Node. Sends the results. */
import { runAxes } from '../cases/axes.ts';
import { importLibrary } from './library.ts';

const { LensModel } = await importLibrary();
process.send?.(await runAxes((options) => LensModel.load('fable-4m', { device: 'webgpu', ...options })));
