/**
 * A lens fitted where the model runs: for each block, ridge regression of the last layer's state on the state that
 * goes into the block. The states stay on the device; what comes back are sums over a few hundred positions at a
 * time, added up in f64, so that memory does not grow with the prompts.
 *
 * @see Din et al. 2023, "Jump to Conclusions: Short-Cutting Transformers With Linear Transformations"
 */
import { InputError, MemoryError, throwIfCancelled } from '../shared/errors.ts';
import { momentsGraph } from '../shared/graph/translate.ts';
import { emptyMoments, fitRidge, type Moments } from '../shared/lens/ridge.ts';
import type { FitReport, Translator, Translators } from '../shared/lens/translators.ts';
import type { FitProgress } from './api.ts';
import { nextTask, type Workplace } from './average-readings.ts';
import { compareLenses, KeptStates } from './compare-lenses.ts';
import type { DeviceTensor } from './device-tensor.ts';
import { hashTranslators } from './lens-file.ts';
import { batches, countPositions, firstPositions, padded } from './prompt-batches.ts';
import { planHooks, runBlocks } from './run.ts';
import type { Session, Tensor } from './runtime.ts';

/** Positions to run, of all that the prompts have, fitted on and held out together: past these, more tell little. */
export function fitPositions(dModel: number): number {
  return Math.min(20_000, Math.max(6_000, 24 * dModel));
}
/** Tokens of one prompt that are read. */
export const FIT_TOKENS = 128;
/** One prompt in so many is held out. */
const HELD_OUT = 5;
/** Held-out positions on which both lenses are read out and compared. */
const COMPARED = 400;
/** Bytes that the sums of all blocks may take. */
const MOMENT_BYTES = 1.5 * 2 ** 30;

export interface FitRequest {
  readonly positions: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: FitProgress) => void) | undefined;
}

/**
 * @param prompts token ids, each of two at least.
 * @throws {InputError} when the prompts have too few positions; {@link MemoryError} for a model too wide to fit here.
 */
export async function fitLens(
  place: Workplace,
  prompts: readonly Int32Array[],
  { positions, signal, onProgress }: FitRequest,
): Promise<Translators> {
  const { spec } = place;
  const { nLayers, dModel: d } = spec;
  const bytes = nLayers * 2 * 2 * d * d * 8;
  if (bytes > MOMENT_BYTES) {
    throw new MemoryError(
      `fit: the sums of ${nLayers} layers of ${d} take ${Math.round(bytes / 2 ** 20)} MiB, more than the ${MOMENT_BYTES / 2 ** 20} MiB allowed: open a tuned lens from a file instead`,
    );
  }
  const used = firstPositions(prompts, positions);
  const train = used.filter((_, i) => i % HELD_OUT !== HELD_OUT - 1);
  const held = used.filter((_, i) => i % HELD_OUT === HELD_OUT - 1);
  const rows = countPositions(train);
  if (rows <= d || held.length === 0) {
    throw new InputError(
      `fit: expected more than ${d} positions to fit on and some held out, got ${rows} and ${countPositions(held)}: give more prompts`,
    );
  }
  const compared = firstPositions(held, COMPARED);
  const sums = new MomentSums(place);
  const states = new KeptStates(nLayers + 1, d, countPositions(compared));
  const total = countPositions(used);
  try {
    let done = 0;
    for (const [kind, list, keep] of [
      ['train', train, undefined],
      ['held', compared, states],
      ['held', held.slice(compared.length), undefined],
    ] as const) {
      for (const batch of batches(list)) {
        await nextTask();
        throwIfCancelled(signal);
        onProgress?.({ stage: 'states', done, total });
        await sums.add(kind, batch, signal, keep);
        done += countPositions(batch);
      }
    }
    onProgress?.({ stage: 'states', done, total });
    const layers: Translator[] = [];
    const lambdas: number[] = [];
    for (let layer = 0; layer < nLayers; layer++) {
      onProgress?.({ stage: 'solve', done: layer, total: nLayers });
      const { train: own, held: other } = sums.take(layer);
      const pause = async (): Promise<void> => {
        await nextTask();
        throwIfCancelled(signal);
      };
      const { weight, bias, lambda } = await fitRidge(own, other, pause, lambdas.at(-1));
      layers.push({ weight: lessIdentity(weight, d), bias: Float32Array.from(bias) });
      lambdas.push(lambda);
    }
    onProgress?.({ stage: 'solve', done: nLayers, total: nLayers });
    const hash = await hashTranslators(layers);
    const lens: Translators = { kind: 'fitted', hash, dModel: d, layers };
    const heldOut = await compareLenses(place, states, lens, {
      signal,
      onProgress: (progress) => onProgress?.({ stage: 'compare', ...progress }),
    });
    const report: FitReport = {
      positions: rows,
      heldPositions: countPositions(held),
      lambdas,
      heldOut: { prompts: compared.length, ...heldOut },
    };
    return { ...lens, report };
  } finally {
    await sums.dispose();
  }
}

/** Position 0 is left out everywhere: many models keep a state there that is like no other. */
/** A − I in f32: a translator adds to the state. */
function lessIdentity(a: Float64Array, d: number): Float32Array {
  const out = new Float32Array(d * d);
  for (let i = 0; i < out.length; i++) out[i] = (a[i] as number) - (i % (d + 1) === 0 ? 1 : 0);
  return out;
}

type Kind = 'train' | 'held';

/** The moments of every block's input against the last state, over all batches. */
class MomentSums {
  readonly #place: Workplace;
  readonly #moments = new Map<number, Record<Kind, Moments>>();
  #shifts: readonly Float64Array[] | undefined;
  #session: Session | undefined;

  constructor(place: Workplace) {
    this.#place = place;
  }

  /** A block's moments, whose memory goes with them. */
  take(layer: number): Record<Kind, Moments> {
    const found = this.#moments.get(layer) as Record<Kind, Moments>;
    this.#moments.delete(layer);
    return found;
  }

  async add(
    kind: Kind,
    prompts: readonly Int32Array[],
    signal: AbortSignal | undefined,
    keep: KeptStates | undefined,
  ): Promise<void> {
    const { machine, spec, weights } = this.#place;
    const input = padded(prompts);
    const counts = Float32Array.from(input.real, (r, i) => (i % input.pos === 0 ? 0 : r));
    const state = await machine.forward.begin(input, signal);
    const states: DeviceTensor[] = [];
    try {
      const options = { plan: planHooks(spec, []), checks: false, signal };
      for await (const row of runBlocks(machine, spec, weights, state, options)) {
        if ('resid' in row) states.push(row.resid.retain());
      }
      await this.#sum(kind, states, counts);
      await keep?.add(machine.runtime, states, counts);
    } finally {
      for (const tensor of states) tensor.release();
    }
  }

  async #sum(kind: Kind, states: readonly DeviceTensor[], counts: Float32Array): Promise<void> {
    const { runtime } = this.#place.machine;
    const { dModel: d, nLayers } = this.#place.spec;
    this.#shifts ??= await this.#means(states, counts);
    this.#session ??= await runtime.session('moments', momentsGraph(d));
    const y = (states[nLayers] as DeviceTensor).tensor;
    const shiftY = this.#shifts[nLayers] as Float64Array;
    const rows = runtime.floats(counts, [counts.length, 1]);
    for (let layer = 0; layer < nLayers; layer++) {
      const shiftX = this.#shifts[layer] as Float64Array;
      const out = await this.#session.run({
        x: (states[layer] as DeviceTensor).tensor,
        y,
        rows,
        shift_x: runtime.floats(Float32Array.from(shiftX), [d]),
        shift_y: runtime.floats(Float32Array.from(shiftY), [d]),
      });
      const both = this.#moments.get(layer) ?? {
        train: emptyMoments(d, shiftX, shiftY),
        held: emptyMoments(d, shiftX, shiftY),
      };
      this.#moments.set(layer, both);
      const moments = both[kind];
      moments.rows += counts.reduce((a, b) => a + b, 0);
      addTo(moments.xx, await this.#take(out['xx'] as Tensor));
      addTo(moments.xy, await this.#take(out['xy'] as Tensor));
      addTo(moments.sumX, await this.#take(out['sum_x'] as Tensor));
      addTo(moments.sumY, await this.#take(out['sum_y'] as Tensor));
    }
  }

  async #take(tensor: Tensor): Promise<Float32Array> {
    const data = await this.#place.machine.runtime.read(tensor);
    if (tensor.location === 'gpu-buffer') tensor.dispose();
    return data;
  }

  /** The first batch's mean of each row's states, as f32 has it: what is summed is small beside it from then on. */
  async #means(states: readonly DeviceTensor[], counts: Float32Array): Promise<Float64Array[]> {
    const d = this.#place.spec.dModel;
    const means: Float64Array[] = [];
    for (const { tensor } of states) {
      const data = await this.#place.machine.runtime.read(tensor);
      const mean = new Float64Array(d);
      let n = 0;
      counts.forEach((count, row) => {
        if (count === 0) return;
        n++;
        for (let j = 0; j < d; j++) mean[j] = (mean[j] as number) + (data[row * d + j] as number);
      });
      means.push(mean.map((sum) => Math.fround(sum / n)));
    }
    return means;
  }

  async dispose(): Promise<void> {
    await this.#session?.release();
  }
}

function addTo(sum: Float64Array, more: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (more[i] as number);
}
