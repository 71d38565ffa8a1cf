/**
 * The lens over one run: phase one reads each row as it comes, phase two compares all rows with the output.
 */
import { convergenceDepth } from '../shared/lens/convergence.ts';
import type { LateReadings, LayerReadings, TargetReadings } from '../shared/lens/readings.ts';
import { translatorOf, type Translators } from '../shared/lens/translators.ts';
import type { ModelSpec } from '../shared/spec/model-spec.ts';
import type { LensReadout } from './api.ts';
import type { Machine } from './machine.ts';
import { releaseReading, toReadout, type Normalized, type Readout, type Reading } from './readout.ts';
import type { Tensor } from './runtime.ts';
import type { Translate } from './translate.ts';

/** Targets a row: the token read here, and the one that comes next. */
const PER_ROW = 2;

export interface LensStreamOptions {
  readonly k: number;
  readonly mid: boolean;
  /** Read the input token and the next one too. Default true; without, each row takes two passes less. */
  readonly targets?: boolean;
  /** Undefined: the raw lens. */
  readonly lens?: Translators | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class LensStream {
  readonly #readout: Readout;
  readonly #translate: Translate;
  readonly #lens: Translators | undefined;
  readonly #k: number;
  readonly #ids: Int32Array;
  readonly #targets: Int32Array;
  readonly #keep: boolean;
  readonly #rows: { layer: number; mid: boolean; reading: Reading; readout: LensReadout }[] = [];
  readonly #signal: AbortSignal | undefined;

  constructor(
    { readout, translate }: Pick<Machine, 'readout' | 'translate'>,
    spec: ModelSpec,
    ids: Int32Array,
    { k, mid, targets = true, lens, signal }: LensStreamOptions,
  ) {
    this.#translate = translate;
    this.#lens = lens;
    this.#readout = readout;
    this.#k = k;
    this.#ids = ids;
    this.#signal = signal;
    this.#targets = new Int32Array(ids.length * PER_ROW).fill(-1);
    ids.forEach((id, pos) => {
      if (!targets) return;
      this.#targets[pos * PER_ROW] = id;
      if (pos > 0) this.#targets[(pos - 1) * PER_ROW + 1] = id;
    });
    this.#keep = readout.mayKeep(ids.length * (spec.nLayers * (mid ? 2 : 1) + 1));
  }

  /** The last row as it was read. */
  get last(): LensReadout | undefined {
    return this.#rows[this.#rows.length - 1]?.readout;
  }

  /** The last row's states after the final norm. */
  get lastNormalized(): Normalized | undefined {
    return this.#rows[this.#rows.length - 1]?.reading.normalized;
  }

  /** Phase one. resid: f32[1, pos, d_model]. `mid`: the state is the block's `hook_resid_mid`. */
  async row(layer: number, resid: Tensor, mid = false): Promise<LayerReadings> {
    const request = { k: this.#k, targets: this.#targets, perRow: PER_ROW, keep: this.#keep };
    const normalized = await this.#normalize(layer, resid);
    const reading = await this.#readout.read(normalized, request, this.#signal);
    const readout = toReadout(reading, this.#ids.length, this.#k, PER_ROW);
    this.#rows.push({ layer, mid, reading, readout });
    const target = (which: number): TargetReadings => ({
      ids: everySecond(this.#targets, which),
      logprobs: everySecond(readout.targetLogprobs, which),
      ranks: everySecond(readout.targetRanks, which),
    });
    const { topIds, topLogprobs, entropy } = readout;
    return {
      layer,
      ...(mid && { mid }),
      k: this.#k,
      topIds,
      topLogprobs,
      entropy,
      input: target(0),
      next: target(1),
    };
  }

  async #normalize(layer: number, resid: Tensor): Promise<Normalized> {
    const translator = translatorOf(this.#lens, layer);
    if (!translator) return this.#readout.normalize(resid, this.#signal);
    const translated = await this.#translate.apply(resid, translator);
    try {
      return await this.#readout.normalize(translated, this.#signal);
    } finally {
      if (translated.location === 'gpu-buffer') translated.dispose();
    }
  }

  /** Phase two. */
  async late(): Promise<LateReadings> {
    // A layer's mid-block row comes before its own: the last row is always the output's.
    const whole = this.#rows.filter(({ mid }) => !mid);
    const top1 = whole.map(({ readout }) => firstOfEach(readout.topIds, this.#k));
    const finalIds = top1[top1.length - 1] as Int32Array;
    const output = (this.#rows[this.#rows.length - 1] as { reading: Reading }).reading;
    const readings = this.#rows.map((r) => r.reading);
    const compared = await this.#readout.compare(output, readings, finalIds, this.#signal);
    const kl: Float32Array[] = [];
    const final: TargetReadings[] = [];
    this.#rows.forEach(({ readout, reading }, i) => {
      const rowKl = new Float32Array(this.#ids.length);
      const logprobs = new Float32Array(this.#ids.length);
      const ranks = new Int32Array(this.#ids.length);
      compared[i]?.forEach((c, g) => {
        const from = reading.groups[g]?.from ?? 0;
        rowKl.set(c.kl, from);
        ranks.set(c.targetRanks, from);
        c.targetLogits.forEach((z, r) => {
          logprobs[from + r] = Math.min(0, z - (readout.logZ[from + r] as number));
        });
      });
      kl.push(rowKl);
      final.push({ ids: finalIds, logprobs, ranks });
    });
    const layers = whole.map((r) => r.layer);
    return { finalIds, final, kl, convergence: convergenceDepth(top1, layers) };
  }

  /** Gives kept logits back. */
  release(): void {
    for (const { reading } of this.#rows) releaseReading(reading);
  }
}

function everySecond<T extends Int32Array | Float32Array>(values: T, which: number): T {
  return values.filter((_, i) => i % PER_ROW === which) as T;
}

function firstOfEach(values: Int32Array, k: number): Int32Array {
  return values.filter((_, i) => i % k === 0);
}
