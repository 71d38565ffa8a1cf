/**
 * Child process: one model, freshly loaded, timed once cold and some times warm. Its argument is an
 * {@link EngineRequest} as JSON; it sends {@link EngineTimes}.
 */
import type { Compute, DeviceName } from '../engine/api.ts';
import { importLibrary, type Library } from '../test/support/library.ts';

/** Milliseconds from the call to the event. */
export interface TableTimes {
  readonly firstRow: number;
  /** With KL, final ranks and convergence. */
  readonly table: number;
  /** With the self-checks too. */
  readonly checked: number;
}

export interface EngineRequest {
  /** What `LensModel.load` takes. */
  readonly source: string;
  readonly device: DeviceName;
  /** Warm runs. */
  readonly runs: number;
  /** Default 24, the length that the figures of other engines are given for. */
  readonly tokens?: number;
  readonly compute?: Compute;
  readonly quantized?: 'expand' | 'keep';
}

export interface EngineTimes {
  readonly device: string;
  /** Whether the device can compute in f16. */
  readonly f16: boolean;
  readonly tokens: number;
  readonly load: number;
  readonly cold: TableTimes;
  readonly warm: readonly TableTimes[];
  /** One graph, logits only, read back. */
  readonly plain: readonly number[];
}

type LoadedModel = InstanceType<Library['LensModel']>;

async function timeTable(model: LoadedModel, ids: readonly number[]): Promise<TableTimes> {
  const start = performance.now();
  let [firstRow, table] = [NaN, NaN];
  for await (const event of model.stream(ids)) {
    if (event.type === 'readings' && Number.isNaN(firstRow)) firstRow = performance.now() - start;
    if (event.type === 'late') table = performance.now() - start;
  }
  return { firstRow, table, checked: performance.now() - start };
}

async function timePlain(model: LoadedModel, ids: readonly number[]): Promise<number> {
  const start = performance.now();
  await model.plainForward(ids);
  return performance.now() - start;
}

async function run({ tokens = 24, runs, source, ...options }: EngineRequest): Promise<EngineTimes> {
  const { LensModel } = await importLibrary();
  const started = performance.now();
  const model = await LensModel.load(source, options);
  const load = performance.now() - started;
  const text = 'Once upon a time there was a little girl who lived in the forest. ';
  const ids = [...model.tokenizer.encode(text.repeat(Math.ceil(tokens / 6))).ids].slice(0, tokens);
  if (ids.length < tokens) throw new Error(`expected ${tokens} tokens, got ${ids.length}`);
  const cold = await timeTable(model, ids);
  await timePlain(model, ids); // its graph is set up by now; this run is the one that shapes its buffers
  const [warm, plain]: [TableTimes[], number[]] = [[], []];
  // In turns, so that what else the machine does falls on both.
  for (let i = 0; i < runs; i++) {
    warm.push(await timeTable(model, ids));
    plain.push(await timePlain(model, ids));
  }
  return {
    device: `${model.device.name}: ${model.device.detail}`,
    f16: model.device.f16,
    tokens: ids.length,
    load,
    cold,
    warm,
    plain,
  };
}

process.send?.(await run(JSON.parse(process.argv[2] ?? '{}') as EngineRequest));
