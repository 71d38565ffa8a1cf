/** Parity on WebGPU in Node: Dawn on SwiftShader, or every model on the machine's own graphics card; in a child process. */
import { PARITY_MODELS, WEBGPU_NODE_MODELS } from '../cases/parity.ts';
import type { CaseResult } from '../cases/parity-run.ts';
import { dawnMissing, OWN_GPU, runOnDawn } from '../support/dawn-child.ts';
import { LIMIT_MS, parityTests } from '../support/parity-tests.ts';

const models = OWN_GPU ? PARITY_MODELS : WEBGPU_NODE_MODELS;
const names = models.map(({ name }) => name);

parityTests(
  `WebGPU in Node${OWN_GPU ? ', on the graphics card' : ''}`,
  await dawnMissing(),
  async () => (await runOnDawn('test/support/parity.child.ts', LIMIT_MS, names)) as CaseResult[],
  models,
);
