/** What the weights say of one neuron: its keys and their nearest tokens, its value as tokens. Loaded on demand. */
import { throwIfCancelled } from '../shared/errors.ts';
import { centre, dot, vectorLength } from '../shared/frozen-norm.ts';
import { rowCosines } from '../shared/deletion.ts';
import { columnOf, rowOf } from '../shared/stored-matrix.ts';
import { nextTask, type Workplace } from './average-readings.ts';
import { layerNeurons, type LayerKey } from './neuron-keys.ts';
import type { NeuronKey, NeuronPage, NeuronPageOptions, TokenList } from './neurons-api.ts';
import { MAX_TOKENS, wholeNumber } from './neurons.ts';
import { asUnembedded, bothEnds, finalGain } from './value-tokens.ts';

const DEFAULT_K = 10;
/** Numbers of a share of the vocabulary. */
const SHARE = 2 ** 20;

/** See {@link Model.neuron}. */
export async function readNeuronPage(
  place: Workplace,
  layer: number,
  neuron: number,
  { k = DEFAULT_K, signal }: NeuronPageOptions = {},
): Promise<NeuronPage> {
  const { spec } = place;
  wholeNumber('layer', layer, 0, spec.nLayers - 1);
  wholeNumber('neuron', neuron, 0, spec.dMlp - 1);
  wholeNumber('k', k, 1, Math.min(MAX_TOKENS, spec.dVocab));
  const { key, gate, out, postGain, readGain } = await layerNeurons(place, layer, signal);
  const value = rowOf(out, neuron);
  const keys = [key, ...(gate ? [gate] : [])];
  const vectors = keys.map(({ matrix }) => columnOf(matrix, neuron));
  const near = await nearestTokens(place, vectors, readGain, k, signal);
  const biases = await Promise.all(keys.map((each) => biasOf(place, each, neuron, signal)));
  const rows = Float32Array.from(asUnembedded(spec, value, postGain, await finalGain(place, signal)));
  const [lists] = await bothEnds(place, rows, k, signal);
  const cosine = (vector: Float32Array | undefined): number | undefined =>
    vector && rowCosines(Float64Array.from(vector), Float64Array.from(value), spec.dModel)[0];
  return {
    layer,
    neuron,
    keys: keys.map(({ part }, i): NeuronKey => ({
      part,
      length: vectorLength(vectors[i] as Float32Array),
      bias: biases[i] as number,
      ...(near[i] as Nearness),
    })),
    valueLength: vectorLength(value),
    promoted: (lists as NonNullable<typeof lists>).promoted,
    suppressed: (lists as NonNullable<typeof lists>).suppressed,
    cosine: cosine(vectors[0]) as number,
    gateCosine: cosine(vectors[1]),
    notes: gate
      ? [
          'A gated MLP: its coefficient is act(x · gate) times x · up, so that both keys are shown, each by itself.',
        ]
      : [],
  };
}

async function biasOf(
  { weights }: Workplace,
  { ref }: LayerKey,
  neuron: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (ref.bias === undefined) return 0;
  return (await weights.tensor(ref.bias, signal)).data[neuron] as number;
}

type Nearness = Pick<NeuronKey, 'nearest' | 'farthest'>;

/** The tokens whose embedding rows lie along and against each key, of the whole vocabulary: cosines. */
async function nearestTokens(
  { spec, weights }: Workplace,
  vectors: readonly Float32Array[],
  gain: Float64Array,
  k: number,
  signal: AbortSignal | undefined,
): Promise<Nearness[]> {
  const { dModel: d, dVocab, norm } = spec;
  const centred = norm.kind === 'layer';
  const keys = vectors.map((vector) => {
    const folded = gain.map((g, i) => g * (vector[i] as number));
    const key = centred ? centre(folded) : folded;
    const length = vectorLength(key);
    return key.map((x) => x / length);
  });
  const cosines = keys.map(() => new Float32Array(dVocab));
  await weights.need('embed', signal);
  const share = Math.max(1, Math.floor(SHARE / d));
  for (let from = 0; from < dVocab; from += share) {
    await nextTask();
    throwIfCancelled(signal);
    const ids = Int32Array.from({ length: Math.min(share, dVocab - from) }, (_, i) => from + i);
    const rows = weights.rows(spec.weights.embed, ids);
    for (let i = 0; i < ids.length; i++) {
      const row = rows.subarray(i * d, (i + 1) * d);
      const length = centred ? vectorLength(centre(Float64Array.from(row))) : vectorLength(row);
      // A centred key takes the row's mean off by itself.
      keys.forEach((key, j) => {
        (cosines[j] as Float32Array)[from + i] = length > 0 ? dot(row, key) / length : 0;
      });
    }
  }
  return cosines.map((values) => ({ nearest: best(values, k, 1), farthest: best(values, k, -1) }));
}

/** The k highest (sign 1) or lowest (−1), equal ones by smaller id. */
function best(values: Float32Array, k: number, sign: 1 | -1): TokenList {
  const ids = new Int32Array(k);
  const found = new Float32Array(k).fill(-Infinity);
  values.forEach((value, id) => {
    const x = sign * value;
    if (!(x > (found[k - 1] as number))) return;
    let at = k - 1;
    for (; at > 0 && x > (found[at - 1] as number); at--) {
      found[at] = found[at - 1] as number;
      ids[at] = ids[at - 1] as number;
    }
    found[at] = x;
    ids[at] = id;
  });
  return { ids, values: found.map((x) => sign * x) };
}
