/** All that lives on one device for one model: thrown away as a whole when the device is lost. */
import type { ModelSpec } from '../shared/spec/model-spec.ts';
import type { Compute } from './api.ts';
import { Forward } from './forward.ts';
import type { MemoryLimits } from './memory.ts';
import { PlainForward } from './plain-forward.ts';
import type { Precision } from './precision.ts';
import { Readout } from './readout.ts';
import { PlainReducer } from './reduce-plain.ts';
import { Runtime, type LoadedOrt } from './runtime.ts';
import { Translate } from './translate.ts';
import type { WeightStore } from './weights.ts';

export interface Machine {
  readonly runtime: Runtime;
  readonly forward: Forward;
  readonly readout: Readout;
  readonly plain: PlainForward;
  readonly translate: Translate;
  /** Where products are computed in f16. */
  readonly precision: Precision | undefined;
}

export async function makeMachine(
  loaded: LoadedOrt,
  spec: ModelSpec,
  weights: WeightStore,
  limits: MemoryLimits,
  compute: Compute,
): Promise<Machine> {
  const runtime = new Runtime(loaded, compute);
  const memory = { ...limits, bindingBytes: Math.min(limits.bindingBytes, runtime.bindingBytes) };
  const reducer = runtime.gpu
    ? new (await import('./reduce-wgsl.ts')).WgslReducer(runtime.gpu)
    : new PlainReducer();
  const readout = new Readout(runtime, spec, weights, reducer, memory);
  const precision =
    compute === 'f16'
      ? new (await import('./precision.ts')).Precision(runtime, spec, weights, readout, memory)
      : undefined;
  return {
    runtime,
    forward: new Forward(runtime, spec, weights, memory, compute),
    readout,
    precision,
    plain: new PlainForward(runtime, spec, weights, reducer, memory),
    translate: new Translate(runtime, spec.dModel),
  };
}

export async function disposeMachine({
  runtime,
  forward,
  readout,
  plain,
  translate,
  precision,
}: Machine): Promise<void> {
  if (runtime.lost) return; // its sessions went with it
  await forward.dispose();
  await readout.dispose();
  await plain.dispose();
  await translate.dispose();
  await precision?.dispose();
}
