/** One prompt's run as a trace: what `lens` prints and draws, and what `bake` writes. */
import type { LensModel, StreamEvent, Translators } from '../engine/node.ts';
import type { LateReadings, LayerReadings, SelfCheck } from '../shared/lens/readings.ts';
import type { TraceData } from '../shared/trace/data.ts';
import { decodeTrace } from '../shared/trace/decode.ts';
import { encodeTrace } from '../shared/trace/encode.ts';
import { wholeNumber } from './arguments.ts';
import type { Prompt } from './open-model.ts';
import { RESID_HOOKS, type ResidualStates } from './residual-states.ts';

const DEFAULT_K = 10;
const MAX_K = 100;

/** `--top-k`. @throws {UsageError} */
export function topKOf(value: string | undefined): number {
  return value === undefined ? DEFAULT_K : wholeNumber('--top-k', value, 1, MAX_K);
}

/** What a stream said, all of it. */
export interface Run {
  readonly readings: readonly LayerReadings[];
  readonly late: LateReadings | undefined;
  readonly checks: readonly SelfCheck[];
  readonly timings: Readonly<Record<string, number>>;
}

export interface CollectOptions {
  readonly k: number;
  readonly translators: Translators | undefined;
  readonly signal: AbortSignal;
  readonly onLayer?: (layer: number) => void;
  readonly states?: ResidualStates | undefined;
}

/** Runs one prompt to its end. */
export async function collect(model: LensModel, prompt: Prompt, options: CollectOptions): Promise<Run> {
  const { k, translators, signal, onLayer, states } = options;
  const readings: LayerReadings[] = [];
  let [late, checks]: [LateReadings | undefined, readonly SelfCheck[]] = [undefined, []];
  let timings: Record<string, number> = {};
  const hooks = states === undefined ? [] : RESID_HOOKS;
  const events: AsyncIterable<StreamEvent> = model.stream(prompt.encoding.ids, {
    lens: { k, translators },
    hooks,
    signal,
  });
  for await (const event of events) {
    if (event.type === 'block') await states?.add(event.hooks);
    else if (event.type === 'readings') {
      readings.push(event.readings);
      onLayer?.(event.readings.layer);
    } else if (event.type === 'late') late = event.late;
    else if (event.type === 'checks') checks = event.checks;
    else if (event.type === 'done') timings = { ...event.timings };
  }
  return { readings, late, checks, timings };
}

/** Encoded and read back, so that what is printed, drawn and written is what any reader of the trace sees. */
export async function traceOf(
  model: LensModel,
  id: string,
  prompt: Prompt,
  { readings, late, checks, timings }: Run,
  hashSignal: AbortSignal | undefined,
  translators: Translators | undefined,
): Promise<TraceData> {
  const { nLayers: layers, dVocab: vocab } = model.spec;
  return decodeTrace(
    encodeTrace({
      model: {
        id,
        ...(model.revision === undefined ? {} : { revision: model.revision }),
        ...(hashSignal ? { weightHash: await model.weightHash(hashSignal) } : {}),
        layers,
        vocab,
      },
      ids: prompt.encoding.ids,
      bos: prompt.bos,
      tokenizer: model.tokenizer,
      readings,
      lens: translators,
      ...(late === undefined ? {} : { late }),
      checks,
      device: model.device,
      timings,
    }),
  );
}
