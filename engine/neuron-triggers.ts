/**
 * Texts that turn neurons on: one pass over prompts, the strongest places kept of every neuron; and whether the token
 * that a value promotes is the one that follows. Loaded where it is asked for.
 *
 * @see Geva et al. 2021, "Transformer Feed-Forward Layers Are Key-Value Memories"
 */
import { InputError, throwIfCancelled } from '../shared/errors.ts';
import { rowOf } from '../shared/stored-matrix.ts';
import { nextTask, type Workplace } from './average-readings.ts';
import type {
  LayerTriggers,
  NeuronAgreement,
  NeuronAgreementOptions,
  NeuronTriggerOptions,
  NeuronTriggers,
} from './neurons-api.ts';
import { wholeNumber } from './neurons.ts';
import { countPositions, firstPositions, passOver, type PassedLayer } from './prompt-batches.ts';
import { asUnembedded, finalGain, layerValues, topTokens } from './value-tokens.ts';

const DEFAULTS = { top: 10, positions: 20_000, order: 'highest' } as const;
const MAX_TOP = 100;
const MAX_POSITIONS = 10_000_000;

/** See {@link Model.neuronTriggers}. */
export async function readTriggers(
  place: Workplace,
  prompts: readonly Int32Array[],
  options: NeuronTriggerOptions = {},
): Promise<NeuronTriggers> {
  const { nLayers, dMlp } = place.spec;
  const { top, positions, order } = { ...DEFAULTS, ...options };
  const { layers = Array.from({ length: nLayers }, (_, layer) => layer), signal, onProgress } = options;
  wholeNumber('top', top, 1, MAX_TOP);
  wholeNumber('positions', positions, 1, MAX_POSITIONS);
  for (const layer of layers) wholeNumber('layer', layer, 0, nLayers - 1);
  const used = firstPositions(
    prompts.filter(({ length }) => length > 1),
    positions,
  );
  if (used.length === 0 || layers.length === 0) {
    throw new InputError(
      'neurons: triggers: expected a layer and a prompt with a token after its first, which is left out',
    );
  }
  const numbers = new Map(used.map((ids, i) => [ids, i]));
  const tables = new Map(
    layers.map((layer) => [layer, new BestPlaces(dMlp, top, order === 'lowest' ? -1 : 1)]),
  );
  const progress = (done: number, total: number): void => onProgress?.({ stage: 'prompts', done, total });
  const pass = {
    hooks: ['mlp.hook_post'],
    layers: [...tables.keys()],
    signal,
    onProgress: progress,
  } as const;
  await passOver(place, used, pass, (passed) => tables.get(passed.layer)?.add(passed, numbers));
  return {
    prompts: used,
    positions: countPositions(used),
    order,
    layers: [...tables]
      .sort(([a], [b]) => a - b)
      .map(([layer, table]): LayerTriggers => ({ layer, neurons: dMlp, top, ...table.result() })),
  };
}

/** The best places of every neuron of a layer so far. */
class BestPlaces {
  readonly #neurons: number;
  readonly #top: number;
  readonly #sign: 1 | -1;
  readonly #values: Float32Array;
  readonly #prompts: Int32Array;
  readonly #places: Int32Array;

  constructor(neurons: number, top: number, sign: 1 | -1) {
    this.#neurons = neurons;
    this.#top = top;
    this.#sign = sign;
    this.#values = new Float32Array(neurons * top).fill(-Infinity);
    this.#prompts = new Int32Array(neurons * top).fill(-1);
    this.#places = new Int32Array(neurons * top).fill(-1);
  }

  add({ prompts, pos, hook }: PassedLayer, numbers: ReadonlyMap<Int32Array, number>): void {
    const data = hook('mlp.hook_post');
    const m = this.#neurons;
    prompts.forEach((ids, b) => {
      const number = numbers.get(ids) ?? -1;
      for (let p = 1; p < ids.length; p++) {
        const from = (b * pos + p) * m;
        for (let i = 0; i < m; i++) {
          const value = this.#sign * (data[from + i] as number);
          if (value > (this.#values[(i + 1) * this.#top - 1] as number)) this.#insert(i, value, number, p);
        }
      }
    });
  }

  #insert(neuron: number, value: number, prompt: number, pos: number): void {
    const [values, prompts, places] = [this.#values, this.#prompts, this.#places];
    const first = neuron * this.#top;
    let at = first + this.#top - 1;
    for (; at > first && value > (values[at - 1] as number); at--) {
      values[at] = values[at - 1] as number;
      prompts[at] = prompts[at - 1] as number;
      places[at] = places[at - 1] as number;
    }
    values[at] = value;
    prompts[at] = prompt;
    places[at] = pos;
  }

  result(): Pick<LayerTriggers, 'prompt' | 'pos' | 'coefficient'> {
    return {
      prompt: this.#prompts,
      pos: this.#places,
      coefficient: this.#values.map((x) => (x === -Infinity ? NaN : this.#sign * x)),
    };
  }
}

/** Neurons of a layer whose values are read out. */
const DEFAULT_NEURONS = 256;

/** See {@link Model.neuronAgreement}. */
export async function readAgreement(
  place: Workplace,
  triggers: NeuronTriggers,
  { neurons = DEFAULT_NEURONS, signal, onProgress }: NeuronAgreementOptions = {},
): Promise<NeuronAgreement> {
  const { spec } = place;
  const { dModel: d, dMlp } = spec;
  wholeNumber('neurons', neurons, 1, Number.MAX_SAFE_INTEGER);
  const chosen = evenly(dMlp, neurons);
  const gain = await finalGain(place, signal);
  const sign = triggers.order === 'lowest' ? -1 : 1;
  const best: number[] = [];
  const all: number[] = [];
  const chance: number[] = [];
  const tokens: Int32Array[] = [];
  for (const [done, table] of triggers.layers.entries()) {
    onProgress?.({ stage: 'layers', done, total: triggers.layers.length });
    await nextTask();
    throwIfCancelled(signal);
    const { out, postGain } = await layerValues(place, table.layer, signal);
    const rows = new Float32Array(chosen.length * d);
    chosen.forEach((neuron, i) => {
      asUnembedded(spec, rowOf(out, neuron), postGain, gain).forEach((x, j) => (rows[i * d + j] = sign * x));
    });
    const own = new Int32Array(dMlp).fill(-1);
    (await topTokens(place, rows, 1, signal)).forEach(({ ids }, i) => {
      own[chosen[i] as number] = ids[0] as number;
    });
    const shares = agreementOf(triggers.prompts, table, own);
    best.push(shares.best);
    all.push(shares.all);
    chance.push(shares.chance);
    tokens.push(own);
  }
  onProgress?.({ stage: 'layers', done: triggers.layers.length, total: triggers.layers.length });
  return {
    layers: triggers.layers.map(({ layer }) => layer),
    neurons: chosen.length,
    best: Float64Array.from(best),
    all: Float64Array.from(all),
    chance: Float64Array.from(chance),
    topTokens: tokens,
  };
}

/** So many of 0 … count − 1, evenly spread. */
function evenly(count: number, wanted: number): number[] {
  const n = Math.min(count, wanted);
  return Array.from({ length: n }, (_, i) => Math.floor((i * count) / n));
}

/** Shares of triggers that the value's top token follows. NaN where none has a next token. */
export function agreementOf(
  prompts: readonly Int32Array[],
  { neurons, top, prompt, pos }: LayerTriggers,
  topToken: Int32Array,
): { readonly best: number; readonly all: number; readonly chance: number } {
  let [bestHits, bestCount, hits, count] = [0, 0, 0, 0];
  const [nexts, promoted] = [new Map<number, number>(), new Map<number, number>()];
  const tally = (map: Map<number, number>, id: number): void => void map.set(id, (map.get(id) ?? 0) + 1);
  for (let i = 0; i < neurons; i++) {
    const token = topToken[i] as number;
    if (token < 0) continue;
    for (let t = 0; t < top; t++) {
      const next = prompts[prompt[i * top + t] as number]?.[(pos[i * top + t] as number) + 1];
      if (next === undefined) continue;
      const hit = next === token ? 1 : 0;
      hits += hit;
      count++;
      tally(nexts, next);
      tally(promoted, token);
      if (t > 0) continue;
      bestHits += hit;
      bestCount++;
    }
  }
  let chance = 0;
  for (const [id, n] of promoted) chance += (n / count) * ((nexts.get(id) ?? 0) / count);
  return { best: bestHits / bestCount, all: hits / count, chance: count > 0 ? chance : NaN };
}
