/**
 * Child process: all scores of all heads of one model, timed. Its argument is a {@link HeadsRequest} as JSON; it sends
 * {@link HeadsTimes}.
 */
import type { DeviceName } from '../engine/api.ts';
import { importLibrary, type Library } from '../test/support/library.ts';

export interface HeadsRequest {
  /** What `LensModel.load` takes. */
  readonly source: string;
  readonly device: DeviceName;
  readonly runs: number;
}

/** Milliseconds. */
export interface HeadsRun {
  readonly total: number;
  /** Random tokens through the model, the reading of their attention included. */
  readonly patterns: number;
  /** Copying and composition, from the weights. */
  readonly circuits: number;
  /** The longest wait for a sign of progress. */
  readonly longestWait: number;
  /** Signs of progress: a number. */
  readonly told: number;
}

export interface HeadsTimes {
  readonly device: string;
  readonly layers: number;
  readonly heads: number;
  readonly draws: number;
  /** Tokens of a sequence. */
  readonly tokens: number;
  /** Weights are read and set up in it. */
  readonly cold: HeadsRun;
  readonly warm: readonly HeadsRun[];
  /** From `abort()` to the call's end, in each stage. */
  readonly cancelled: { readonly patterns: number; readonly circuits: number };
}

type LoadedModel = InstanceType<Library['LensModel']>;

async function timeHeads(model: LoadedModel) {
  const start = performance.now();
  let [last, longestWait, told, patterns] = [start, 0, 0, 0];
  const reading = await model.heads({
    onProgress({ stage }) {
      const now = performance.now();
      longestWait = Math.max(longestWait, now - last);
      last = now;
      told++;
      if (stage === 'patterns') patterns = now - start;
    },
  });
  const total = performance.now() - start;
  longestWait = Math.max(longestWait, start + total - last);
  return { reading, times: { total, patterns, circuits: total - patterns, longestWait, told } };
}

/** Aborts in the middle of a stage, while its next step runs. */
async function timeCancel(model: LoadedModel, stage: 'patterns' | 'circuits'): Promise<number> {
  const controller = new AbortController();
  let aborted = NaN;
  let due = false;
  try {
    await model.heads({
      signal: controller.signal,
      onProgress(progress) {
        if (due || progress.stage !== stage || progress.done * 2 < progress.total) return;
        due = true;
        setTimeout(() => {
          aborted = performance.now();
          controller.abort();
        }, 5);
      },
    });
  } catch (error) {
    if (controller.signal.aborted) return performance.now() - aborted;
    throw error;
  }
  return NaN; // it was done before
}

async function run({ runs, source, device }: HeadsRequest): Promise<HeadsTimes> {
  const { LensModel } = await importLibrary();
  const model = await LensModel.load(source, { device });
  const { reading, times: cold } = await timeHeads(model);
  const warm: HeadsRun[] = [];
  for (let i = 0; i < runs; i++) warm.push((await timeHeads(model)).times);
  return {
    device: `${model.device.name}: ${model.device.detail}`,
    layers: reading.layers,
    heads: reading.heads,
    draws: reading.sequences.length,
    tokens: reading.sequences[0]?.length ?? 0,
    cold,
    warm,
    cancelled: {
      patterns: await timeCancel(model, 'patterns'),
      circuits: await timeCancel(model, 'circuits'),
    },
  };
}

process.send?.(await run(JSON.parse(process.argv[2] ?? '{}') as HeadsRequest));
