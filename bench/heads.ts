/**
 * All detectors on all heads (attention over repeated random tokens, copying, composition of every pair), beside
 * TransformerLens on the same machine: its own cache, factored matrices and composition scores.
 */
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { DeviceName } from '../engine/api.ts';
import { bundleForNode } from '../test/support/bundle.ts';
import { answerOf } from './child.ts';
import type { HeadsRequest, HeadsRun, HeadsTimes } from './heads.child.ts';
import { openBenchModel } from './models.ts';
import { runPython } from './python.ts';
import { type Measurement, measurement, median, type Report } from './report.ts';

/** The engine's own number of threads in Node. */
const THREADS = Math.min(4, availableParallelism());

/** Samples: milliseconds. */
interface TheirTimes {
  readonly versions: string;
  readonly patterns: readonly number[];
  readonly copying: readonly number[];
  readonly composition: readonly number[];
}

async function theirTimes(folder: string, { draws, tokens }: HeadsTimes, runs: number): Promise<TheirTimes> {
  const args = [folder, ...[draws, tokens, runs, THREADS].map(String)];
  const said = await runPython('bench/transformerlens_heads.py', args);
  const samples = (name: string): number[] => (said[name] as unknown[]).map(Number);
  return {
    versions: String(said['versions']),
    patterns: samples('patterns'),
    copying: samples('copying'),
    composition: samples('composition'),
  };
}

function rowsOf(what: string, ours: HeadsTimes, theirs: TheirTimes): Measurement[] {
  const of = (key: keyof HeadsRun): number[] => ours.warm.map((run) => run[key]);
  const circuits = theirs.copying.map((ms, i) => ms + (theirs.composition[i] ?? NaN));
  const total = theirs.patterns.map((ms, i) => ms + (circuits[i] ?? NaN));
  const to = (name: string, samples: readonly number[], peer: readonly number[]): Measurement =>
    measurement(`${what}${name}`, samples, { peer: median(peer), note: 'to TransformerLens' });
  return [
    measurement(`${what}TransformerLens: patterns and their scores`, theirs.patterns),
    measurement(`${what}TransformerLens: copying, by factored matrices`, theirs.copying),
    measurement(`${what}TransformerLens: composition of every pair`, theirs.composition),
    measurement(`${what}TransformerLens: all`, total),
    to('patterns, warm', of('patterns'), theirs.patterns),
    to('copying and composition, warm', of('circuits'), circuits),
    to('all, warm', of('total'), total),
    measurement(`${what}all, cold`, [ours.cold.total], { note: 'goal 60000; weights read and set up in it' }),
    measurement(`${what}longest wait for a sign of progress`, of('longestWait')),
    measurement(`${what}from cancel to the end, patterns`, [ours.cancelled.patterns]),
    measurement(`${what}from cancel to the end, copying and composition`, [ours.cancelled.circuits]),
  ];
}

/**
 * @param models of `fable-4m`, `smollm2` and `gpt2-small`.
 * @throws {Error} when a model is not here, or Python has no transformer_lens.
 */
export async function benchHeads(
  device: DeviceName,
  models: readonly string[],
  runs: number,
): Promise<Report> {
  const script = await bundleForNode('bench/heads.child.ts');
  const measurements: Measurement[] = [];
  let conditions: Report['conditions'] = {};
  try {
    for (const name of models) {
      const model = await openBenchModel(name);
      try {
        const request: HeadsRequest = { source: model.source, device, runs };
        const ours = await answerOf<HeadsTimes>(script, request);
        const theirs = await theirTimes(model.folder, ours, runs);
        const what = `${name} (${ours.layers} × ${ours.heads}): `;
        measurements.push(...rowsOf(what, ours, theirs));
        conditions = {
          device: ours.device,
          draws: ours.draws,
          tokens: ours.tokens,
          peer: `${theirs.versions}, ${THREADS} threads, f32, random weights of the same shape`,
        };
      } finally {
        await model.remove();
      }
    }
  } finally {
    await rm(script, { force: true });
  }
  return {
    name: `heads-${device}`,
    title: `All scores of all heads on ${device}: medians`,
    conditions,
    measurements,
  };
}
