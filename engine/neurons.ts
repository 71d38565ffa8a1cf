/** The largest writes of neurons at one position, and what they do to its prediction. Loaded where it is asked for. */
import { InputError } from '../shared/errors.ts';
import { dot } from '../shared/frozen-norm.ts';
import { rowLengths, rowOf } from '../shared/stored-matrix.ts';
import type { Workplace } from './average-readings.ts';
import { behindPostNorm, sumOf } from './attribution.ts';
import type { NeuronWrite, NeuronWrites, NeuronWritesOptions } from './neurons-api.ts';
import { laterGain, readPrediction, type Prediction } from './prediction.ts';
import { asUnembedded, bothEnds, layerValues, type LayerValues } from './value-tokens.ts';
import type { WeightStore } from './weights.ts';

const DEFAULTS = { count: 20, k: 10 } as const;
const MAX_COUNT = 1000;
export const MAX_TOKENS = 100;

/** See {@link Model.neurons}. */
export async function readNeurons(
  place: Workplace,
  ids: readonly number[],
  options: NeuronWritesOptions = {},
): Promise<NeuronWrites> {
  const { spec } = place;
  const { layer: asked, signal } = options;
  const { count, k } = { ...DEFAULTS, ...options };
  wholeNumber('count', count, 1, MAX_COUNT);
  wholeNumber('k', k, 1, Math.min(MAX_TOKENS, spec.dVocab));
  if (asked !== undefined) wholeNumber('layer', asked, 0, spec.nLayers - 1);
  const layers = asked === undefined ? spec.layers.map((_, layer) => layer) : [asked];
  const hooks = layers.map((layer) => ({ layer, hook: 'mlp.hook_post' as const }));
  const run = await readPrediction(place, ids, hooks, 'neurons', options);

  let totalLength = 0;
  const found: Candidate[] = [];
  for (const layer of layers) {
    const lengths = await writeLengths(place, run, layer, signal);
    lengths.forEach((length, neuron) => {
      totalLength += length;
      found.push({ layer, neuron, length });
    });
    found.sort((a, b) => b.length - a.length);
    found.length = Math.min(found.length, count);
  }
  const rows = new Float32Array(found.length * spec.dModel);
  const moves = new Float64Array(found.length);
  for (const layer of new Set(found.map((each) => each.layer))) {
    const values = await layerValues(place, layer, signal);
    const behind = await postNormOf(place, run, layer, values, signal);
    const gain = laterGain(run, layer, spec.nLayers);
    found.forEach(({ layer: own, neuron }, i) => {
      if (own !== layer) return;
      const value = rowOf(values.out, neuron);
      const coefficient = gain * (run.row(layer, 'mlp.hook_post')[neuron] as number);
      moves[i] = coefficient * dot(value, behind.direction);
      const factor = coefficient / behind.scale / run.scale;
      asUnembedded(spec, value, values.postGain, run.gain).forEach((x, j) => {
        rows[i * spec.dModel + j] = x * factor;
      });
    });
  }
  const lists = await bothEnds(place, rows, k, signal);
  const writes = found.map(({ layer, neuron, length }, i): NeuronWrite => {
    const { promoted, suppressed } = lists[i] as (typeof lists)[number];
    const coefficient = run.row(layer, 'mlp.hook_post')[neuron] as number;
    return { layer, neuron, coefficient, length, moves: moves[i] as number, promoted, suppressed };
  });
  return {
    tokens: run.tokens,
    pos: run.pos,
    layer: asked,
    target: run.target,
    against: run.against,
    writes,
    listedLength: writes.reduce((sum, { length }) => sum + length, 0),
    totalLength,
    notes: notesOf(place),
  };
}

interface Candidate {
  readonly layer: number;
  readonly neuron: number;
  readonly length: number;
}

/** Lengths of a layer's values by model and layer: they follow from the weights alone. */
const kept = new WeakMap<WeightStore, Map<number, Float64Array>>();

/** ‖value‖ of every neuron, f64[m], behind the post-norm's gain where there is one. */
export async function valueLengths(
  place: Pick<Workplace, 'spec' | 'weights'>,
  layer: number,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const own = kept.get(place.weights) ?? new Map<number, Float64Array>();
  kept.set(place.weights, own);
  const known = own.get(layer);
  if (known) return known;
  const { out, postGain } = await layerValues(place, layer, signal);
  const lengths = rowLengths(out, postGain);
  own.set(layer, lengths);
  return lengths;
}

/** |coefficient| · ‖value‖ of a layer at the run's position. */
async function writeLengths(
  place: Workplace,
  run: Prediction,
  layer: number,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const lengths = await valueLengths(place, layer, signal);
  const coefficients = run.row(layer, 'mlp.hook_post');
  const gain = Math.abs(laterGain(run, layer, layer + 1));
  const norm = place.spec.weights.blocks[layer]?.postMlpNorm;
  const { scale } = norm
    ? await postNormOf(place, run, layer, await layerValues(place, layer, signal), signal)
    : { scale: 1 };
  return lengths.map((length, i) => (gain * Math.abs(coefficients[i] as number) * length) / scale);
}

async function postNormOf(
  place: Workplace,
  run: Prediction,
  layer: number,
  { block, out }: LayerValues,
  signal: AbortSignal | undefined,
): ReturnType<typeof behindPostNorm> {
  const { bias } = block.mlpOut;
  const stored = bias === undefined ? undefined : (await place.weights.tensor(bias, signal)).data;
  const written = (): Float64Array => sumOf(out, stored, run.row(layer, 'mlp.hook_post'));
  return behindPostNorm(place, run, block.postMlpNorm, written, signal);
}

function notesOf({ spec }: Workplace): string[] {
  const { blocks } = spec.weights;
  const notes = [];
  if (blocks.some(({ mlpGate }) => mlpGate)) {
    notes.push(
      'Gated MLPs: a coefficient is the activated gate times what it lets through, and may be of either sign.',
    );
  }
  if (blocks.some(({ postMlpNorm }) => postMlpNorm)) {
    notes.push('A norm stands behind what the MLP writes: lengths and tokens are of what is behind it.');
  }
  return notes;
}

export function wholeNumber(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new InputError(`neurons: ${name}: expected a whole number from ${min} to ${max}, got ${value}`);
}
