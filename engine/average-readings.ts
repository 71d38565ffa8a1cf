/** Lens readings averaged over many prompts: entropy, KL, agreement and convergence, by row. */
import { InputError, throwIfCancelled } from '../shared/errors.ts';
import type { Translators } from '../shared/lens/translators.ts';
import type { ModelSpec } from '../shared/spec/model-spec.ts';
import type { AverageProgress, ReadingAverages, Spread } from './api.ts';
import { LensStream } from './lens-stream.ts';
import type { Machine } from './machine.ts';
import { planHooks, runBlocks } from './run.ts';
import type { WeightStore } from './weights.ts';

/** What a pass over prompts runs on. */
export interface Workplace {
  readonly machine: Machine;
  readonly spec: ModelSpec;
  readonly weights: WeightStore;
}

export interface AverageRequest {
  /** `undefined`: the raw lens. */
  readonly lens: Translators | undefined;
  readonly positions: 'all' | 'last';
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: AverageProgress) => void) | undefined;
}

/** Mean and standard deviation of values that come one by one (Welford 1962). */
export class Running {
  #count = 0;
  #mean = 0;
  #square = 0;

  add(value: number): void {
    this.#count++;
    const off = value - this.#mean;
    this.#mean += off / this.#count;
    this.#square += off * (value - this.#mean);
  }

  get spread(): Spread {
    return {
      mean: this.#count > 0 ? this.#mean : NaN,
      deviation: this.#count > 1 ? Math.sqrt(this.#square / (this.#count - 1)) : NaN,
    };
  }
}

/** What one lens has said so far. */
class Tally {
  readonly #entropy: Running[];
  readonly #kl: Running[];
  readonly #agreeing: number[];
  /** Positions by the row at which they settle. */
  readonly #settling: number[];
  readonly #depth = new Running();
  #positions = 0;

  constructor(rows: number) {
    this.#entropy = Array.from({ length: rows }, () => new Running());
    this.#kl = Array.from({ length: rows }, () => new Running());
    this.#agreeing = Array.from({ length: rows }, () => 0);
    this.#settling = Array.from({ length: rows }, () => 0);
  }

  /** @param entropy by row, f32[pos], and `top` i32[pos]: k = 1. */
  async add(
    stream: LensStream,
    entropy: readonly Float32Array[],
    top: readonly Int32Array[],
    from: number,
  ): Promise<void> {
    const { finalIds, kl, convergence } = await stream.late();
    for (let pos = from; pos < finalIds.length; pos++) {
      this.#positions++;
      entropy.forEach((values, row) => this.#entropy[row]?.add(values[pos] as number));
      kl.forEach((values, row) => this.#kl[row]?.add(values[pos] as number));
      top.forEach((ids, row) => {
        if (ids[pos] === finalIds[pos]) this.#agreeing[row] = (this.#agreeing[row] as number) + 1;
      });
      const depth = convergence[pos] as number;
      this.#settling[depth + 1] = (this.#settling[depth + 1] as number) + 1;
      this.#depth.add(depth);
    }
  }

  result(prompts: number): ReadingAverages {
    const n = this.#positions;
    let settled = 0;
    return {
      prompts,
      positions: n,
      layers: this.#kl.map((_, row) => row - 1),
      entropy: this.#entropy.map((r) => r.spread),
      kl: this.#kl.map((r) => r.spread),
      agreement: this.#agreeing.map((count) => count / n),
      settled: this.#settling.map((count) => (settled += count) / n),
      convergence: this.#depth.spread,
    };
  }
}

/** @throws {InputError} when no prompt has a position to count. */
export async function averageReadings(
  { machine, spec, weights }: Workplace,
  prompts: readonly Int32Array[],
  { lens, positions, signal, onProgress }: AverageRequest,
): Promise<ReadingAverages> {
  const tally = new Tally(spec.nLayers + 1);
  const plan = planHooks(spec, []);
  let counted = 0;
  for (const [done, ids] of prompts.entries()) {
    await nextTask();
    throwIfCancelled(signal);
    onProgress?.({ done, total: prompts.length });
    const from = positions === 'last' ? ids.length - 1 : 1;
    if (from >= ids.length) continue;
    counted++;
    const state = await machine.forward.begin({ batch: 1, pos: ids.length, ids }, signal);
    const stream = new LensStream(machine, spec, ids, { k: 1, mid: false, targets: false, lens, signal });
    const entropy: Float32Array[] = [];
    const top: Int32Array[] = [];
    try {
      for await (const row of runBlocks(machine, spec, weights, state, { plan, checks: false, signal })) {
        if (!('resid' in row)) continue;
        const readings = await stream.row(row.layer, row.resid.tensor);
        entropy.push(readings.entropy);
        top.push(readings.topIds);
      }
      await tally.add(stream, entropy, top, from);
    } finally {
      stream.release();
    }
  }
  onProgress?.({ done: prompts.length, total: prompts.length });
  if (counted === 0) {
    throw new InputError(
      'averages: no prompt has a token after its first, which is left out: give longer prompts',
    );
  }
  return tally.result(counted);
}

/** Lets messages in: a cancellation comes as one. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
