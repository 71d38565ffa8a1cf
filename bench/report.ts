/** What a bench found: printed as a table, kept as JSON together with the machine it was found on. */
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { ROOT } from '../test/support/addresses.ts';

export interface Measurement {
  /** What was timed. */
  readonly name: string;
  /** In `unit`. */
  readonly median: number;
  /** Default ms. */
  readonly unit?: string;
  readonly samples: readonly number[];
  /** The median as a multiple of the peer's. */
  readonly ratio?: number;
  /** What the ratio is to, or what the goal is. */
  readonly note?: string;
}

export interface Report {
  /** Names the file: `engine-wasm`. */
  readonly name: string;
  readonly title: string;
  /** What else decides the numbers: browser, adapter, tokens. */
  readonly conditions: Readonly<Record<string, string | number>>;
  readonly measurements: readonly Measurement[];
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return ((low ?? NaN) + (high ?? NaN)) / 2;
}

export function measurement(
  name: string,
  samples: readonly number[],
  more: { readonly peer?: number; readonly note?: string; readonly unit?: string } = {},
): Measurement {
  const value = median(samples);
  return {
    name,
    median: round(value),
    samples: samples.map(round),
    ...(more.peer !== undefined && { ratio: Math.round((value / more.peer) * 100) / 100 }),
    ...(more.note !== undefined && { note: more.note }),
    ...(more.unit !== undefined && { unit: more.unit }),
  };
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function machine(): Record<string, string | number> {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    node: process.version,
  };
}

export function printTable({ title, conditions, measurements }: Report): void {
  const facts = Object.entries({ ...machine(), ...conditions }).map(([key, value]) => `${key}: ${value}`);
  console.log(`\n${title}\n${facts.join(', ')}\n`);
  const width = Math.max(...measurements.map(({ name }) => name.length));
  for (const { name, median: value, unit = 'ms', samples, ratio, note } of measurements) {
    const spread = `${Math.min(...samples).toFixed(0)} to ${Math.max(...samples).toFixed(0)}`;
    const cells = [
      name.padEnd(width),
      `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`.padStart(10),
      (ratio === undefined ? '' : `${ratio.toFixed(2)} ×`).padStart(9),
      `${spread} (${samples.length})`.padStart(20),
      note ?? '',
    ];
    console.log(cells.join('  ').trimEnd());
  }
}

/** @returns the file's path. */
export async function writeReport(folder: string, report: Report): Promise<string> {
  const file = join(resolve(ROOT, folder), `${report.name}.json`);
  await mkdir(resolve(ROOT, folder), { recursive: true });
  const text = JSON.stringify({ machine: machine(), ...report });
  // As the repository's own formatting has it: the file is committed.
  await writeFile(file, await format(text, { ...(await resolveConfig(file)), parser: 'json' }));
  return file;
}
