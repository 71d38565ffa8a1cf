/** The library in Node: first row and whole table of the lens, as ratios to a plain forward in the same runtime. */
import { rm } from 'node:fs/promises';
import type { DeviceName } from '../engine/api.ts';
import { bundleForNode } from '../test/support/bundle.ts';
import { answerOf } from './child.ts';
import type { EngineRequest, EngineTimes } from './engine.child.ts';
import { openBenchModel } from './models.ts';
import { type Measurement, measurement, median, type Report } from './report.ts';

/** Fresh processes: a cold start happens once in each. */
const STARTS = 3;

/** Times of one fresh process. @param script `engine.child.ts`, bundled. */
export function timesOf(script: string, request: EngineRequest): Promise<EngineTimes> {
  return answerOf(script, request);
}

function measurements(name: string, starts: readonly EngineTimes[]): Measurement[] {
  const warm = starts.flatMap((times) => times.warm);
  const plainSamples = starts.flatMap((times) => times.plain);
  const peer = median(plainSamples);
  const row = (what: string, samples: readonly number[], ratio = true): Measurement =>
    measurement(`${name}: ${what}`, samples, ratio ? { peer, note: 'to the plain forward' } : {});
  return [
    row('plain forward, logits only', plainSamples, false),
    row(
      'first row, warm',
      warm.map((t) => t.firstRow),
    ),
    row(
      'whole table, warm',
      warm.map((t) => t.table),
    ),
    row(
      'whole table and self-checks, warm',
      warm.map((t) => t.checked),
    ),
    row(
      'load: config, tokenizer, runtime',
      starts.map((t) => t.load),
      false,
    ),
    row(
      'first row, cold',
      starts.map((t) => t.cold.firstRow),
    ),
    row(
      'whole table, cold',
      starts.map((t) => t.cold.table),
    ),
  ];
}

/** @param models of `fable-4m` and `gpt2-small`. */
export async function benchEngine(
  device: DeviceName,
  models: readonly string[],
  runs: number,
): Promise<Report> {
  const script = await bundleForNode('bench/engine.child.ts');
  const rows: Measurement[] = [];
  let conditions: Report['conditions'] = {};
  try {
    for (const name of models) {
      const model = await openBenchModel(name);
      try {
        const starts: EngineTimes[] = [];
        const request: EngineRequest = { source: model.source, device, runs };
        for (let i = 0; i < STARTS; i++) starts.push(await timesOf(script, request));
        const [{ device: detail, tokens }] = starts as [EngineTimes];
        conditions = { device: detail, tokens };
        rows.push(...measurements(name, starts));
      } finally {
        await model.remove();
      }
    }
  } finally {
    await rm(script, { force: true });
  }
  return {
    name: `engine-${device}`,
    title: `The library in Node on ${device}: medians, lens of every row with ten tokens a cell`,
    conditions,
    measurements: rows,
  };
}
