/** Parity on WebGPU in Node: Dawn on SwiftShader, in a child process. */
import { WEBGPU_NODE_MODELS } from '../cases/parity.ts';
import type { CaseResult } from '../cases/parity-run.ts';
import { LIMIT_MS, parityTests } from '../support/parity-tests.ts';
import { dawnMissing, runOnSwiftshader } from '../support/swiftshader.ts';

parityTests(
  'WebGPU in Node',
  await dawnMissing(),
  async () => (await runOnSwiftshader('test/support/parity.child.ts', LIMIT_MS)) as CaseResult[],
  WEBGPU_NODE_MODELS,
);
