/**
 * A fitted lens beside the raw one on states that it was not fitted on. The states are those of the fit's own
 * forward, many positions at a time, so that the unembedding is read once a group and not once a prompt.
 */
import { throwIfCancelled } from '../shared/errors.ts';
import { translatorOf, type HeldOut, type Translators } from '../shared/lens/translators.ts';
import type { AverageProgress } from './api.ts';
import { nextTask, type Workplace } from './average-readings.ts';
import type { DeviceTensor } from './device-tensor.ts';
import { releaseReading, toReadout, type Normalized, type Reading } from './readout.ts';
import type { Runtime } from './runtime.ts';

/** Positions that are read together at most. */
const GROUP = 256;

/** The counted positions' states of every lens row, f32[positions, d_model] each. */
export class KeptStates {
  readonly rows: readonly Float32Array[];
  readonly positions: number;
  readonly #d: number;
  #filled = 0;

  constructor(rows: number, d: number, positions: number) {
    this.#d = d;
    this.positions = positions;
    this.rows = Array.from({ length: rows }, () => new Float32Array(positions * d));
  }

  /** @param states by lens row, f32[batch, pos, d_model], and `counts` f32[batch · pos]: 1 where a position counts. */
  async add(runtime: Runtime, states: readonly DeviceTensor[], counts: Float32Array): Promise<void> {
    const d = this.#d;
    const places = [...counts.keys()].filter((row) => counts[row] === 1);
    for (const [row, { tensor }] of states.entries()) {
      const data = await runtime.read(tensor);
      places.forEach((place, i) => {
        this.rows[row]?.set(data.subarray(place * d, (place + 1) * d), (this.#filled + i) * d);
      });
    }
    this.#filled += places.length;
  }
}

interface Sums {
  readonly kl: number[];
  readonly agreeing: number[];
}

export async function compareLenses(
  { machine, spec }: Workplace,
  { rows, positions }: KeptStates,
  lens: Translators,
  options: {
    readonly signal: AbortSignal | undefined;
    readonly onProgress: (progress: AverageProgress) => void;
  },
): Promise<Omit<HeldOut, 'prompts'>> {
  const { signal, onProgress } = options;
  const { runtime, readout, translate } = machine;
  const d = spec.dModel;
  const empty = (): Sums => ({ kl: rows.map(() => 0), agreeing: rows.map(() => 0) });
  const [raw, fitted] = [empty(), empty()];
  const total = Math.ceil(positions / GROUP) * rows.length;
  let done = 0;
  for (let from = 0; from < positions; from += GROUP) {
    const n = Math.min(GROUP, positions - from);
    const none = new Int32Array(0);
    const normalized = async (row: number, translated: boolean): Promise<Normalized> => {
      const data = (rows[row] as Float32Array).subarray(from * d, (from + n) * d);
      const resid = runtime.floats(data, [1, n, d]);
      const translator = translated ? translatorOf(lens, row - 1) : undefined;
      if (!translator) return readout.normalize(resid, signal);
      const moved = await translate.apply(resid, translator);
      try {
        return await readout.normalize(moved, signal);
      } finally {
        if (moved.location === 'gpu-buffer') moved.dispose();
      }
    };
    const read = async (row: number, translated: boolean): Promise<Reading> =>
      readout.read(
        await normalized(row, translated),
        { k: 1, targets: none, perRow: 0, keep: readout.mayKeep(2 * n) },
        signal,
      );
    const output = await read(rows.length - 1, false);
    try {
      const finalIds = toReadout(output, n, 1, 0).topIds;
      const tally = async (sums: Sums, row: number, reading: Reading): Promise<void> => {
        const [compared] = await readout.compare(output, [reading], finalIds, signal);
        for (const { kl } of compared ?? []) {
          sums.kl[row] = kl.reduce((sum, value) => sum + value, sums.kl[row] as number);
        }
        const top = toReadout(reading, n, 1, 0).topIds;
        top.forEach((id, i) => {
          if (id === finalIds[i]) sums.agreeing[row] = (sums.agreeing[row] as number) + 1;
        });
      };
      for (const row of rows.keys()) {
        await nextTask();
        throwIfCancelled(signal);
        onProgress({ done: done++, total });
        const last = row === rows.length - 1;
        for (const [sums, translated] of [
          [raw, false],
          [fitted, true],
        ] as const) {
          const reading = last ? output : await read(row, translated);
          try {
            await tally(sums, row, reading);
          } finally {
            if (!last) releaseReading(reading);
          }
        }
      }
    } finally {
      releaseReading(output);
    }
  }
  onProgress({ done: total, total });
  const mean = (sums: readonly number[]): number[] => sums.map((sum) => sum / positions);
  return {
    positions,
    klRaw: mean(raw.kl),
    kl: mean(fitted.kl),
    agreementRaw: mean(raw.agreeing),
    agreement: mean(fitted.agreeing),
  };
}
