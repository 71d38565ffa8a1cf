/** The library in Node: first row and whole table of the lens, as ratios to a plain forward in the same runtime. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { DeviceName } from '../engine/api.ts';
import { bundleForNode } from '../test/support/bundle.ts';
import type { EngineTimes } from './engine.child.ts';
import { type Measurement, measurement, median, type Report } from './report.ts';
import { writeRandomGpt2 } from './random-model.ts';

/** Fresh processes: a cold start happens once in each. */
const STARTS = 3;

/** Times of one fresh process. */
export async function timesOf(
  script: string,
  source: string,
  device: DeviceName,
  runs: number,
): Promise<EngineTimes> {
  const child = fork(script, [source, device, String(runs)], { stdio: 'inherit' });
  try {
    const answer = once(child, 'message') as Promise<[EngineTimes]>;
    const early = once(child, 'exit').then(([code]) => {
      throw new Error(`${source}: the process ended without times (${String(code)})`);
    });
    const [times] = await Promise.race([answer, early]);
    return times;
  } finally {
    child.kill('SIGKILL'); // Dawn's threads would keep it.
  }
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
      const folder = name === 'gpt2-small' ? await writeRandomGpt2() : undefined;
      try {
        const starts: EngineTimes[] = [];
        for (let i = 0; i < STARTS; i++) starts.push(await timesOf(script, folder ?? name, device, runs));
        const [{ device: detail, tokens }] = starts as [EngineTimes];
        conditions = { device: detail, tokens };
        rows.push(...measurements(name, starts));
      } finally {
        if (folder !== undefined) await rm(folder, { recursive: true, force: true });
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
