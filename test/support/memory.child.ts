/** Child process: small memory on WebGPU in Node. Sends the result. */
import { runMemory } from '../cases/memory.ts';
import { importLibrary } from './library.ts';

const { LensModel } = await importLibrary();
process.send?.(await runMemory((options) => LensModel.load('fable-4m', { device: 'webgpu', ...options })));
