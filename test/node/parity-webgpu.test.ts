/** Parity on WebGPU in Node: Dawn on SwiftShader, in a child process. */
import type { CaseResult } from '../cases/parity.ts';
import { parityTests } from '../support/parity-tests.ts';
import { dawnMissing, runOnSwiftshader } from '../support/swiftshader.ts';

parityTests('WebGPU in Node', await dawnMissing(), async () => {
  return (await runOnSwiftshader('test/support/parity.child.ts', 110_000)) as CaseResult[];
});
