/** Parity on WebGPU in Node: Dawn on SwiftShader, in a child process. */
import type { CaseResult } from '../cases/parity-run.ts';
import { LIMIT_MS, parityTests } from '../support/parity-tests.ts';
import { dawnMissing, runOnSwiftshader } from '../support/swiftshader.ts';

parityTests('WebGPU in Node', await dawnMissing(), async () => {
  return (await runOnSwiftshader('test/support/parity.child.ts', LIMIT_MS)) as CaseResult[];
});
