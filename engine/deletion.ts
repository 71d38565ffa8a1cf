/** cos(key, value) of every neuron: which ones take away what they read. Loaded where it is asked for. */
import { activationOf } from '../shared/activation.ts';
import { cosineEdges, cosineHistogram, neuronRows, rowCosines } from '../shared/deletion.ts';
import { throwIfCancelled } from '../shared/errors.ts';
import { nextTask, type Workplace } from './average-readings.ts';
import { layerNeurons } from './neuron-keys.ts';
import type { DeletingNeuron, DeletionOptions, DeletionReading } from './neurons-api.ts';
import { wholeNumber } from './neurons.ts';
import { countPositions, firstPositions, passOver } from './prompt-batches.ts';

const DEFAULTS = { count: 50, bins: 40 } as const;
const MAX_COUNT = 1000;
const MAX_BINS = 200;
/** Positions that the gates' mean is over. */
const POSITIONS = 2048;

/** See {@link Model.deletion}. */
export async function readDeletion(
  place: Workplace,
  prompts: readonly Int32Array[],
  options: DeletionOptions = {},
): Promise<DeletionReading> {
  const { spec } = place;
  const { count, bins } = { ...DEFAULTS, ...options };
  const { signal, onProgress } = options;
  wholeNumber('count', count, 0, MAX_COUNT);
  wholeNumber('bins', bins, 2, MAX_BINS);
  const { nLayers: layers, dMlp: neurons, dModel: d, norm } = spec;
  const gated = spec.weights.blocks.some(({ mlpGate }) => mlpGate);
  const used = firstPositions(
    prompts.filter(({ length }) => length > 1),
    POSITIONS,
  );
  const gateMeans =
    gated && used.length > 0
      ? await meansOfGates(place, used, signal, (done, total) =>
          onProgress?.({ stage: 'prompts', done, total }),
        )
      : undefined;
  const table = (): Float32Array => new Float32Array(layers * neurons);
  const [cosines, folded] = [table(), table()];
  const gateCosines = gated ? table() : undefined;
  const centred = norm.kind === 'layer';
  for (let layer = 0; layer < layers; layer++) {
    onProgress?.({ stage: 'layers', done: layer, total: layers });
    await nextTask();
    throwIfCancelled(signal);
    const { key, gate, out, postGain, readGain } = await layerNeurons(place, layer, signal);
    const values = neuronRows(out, 'inputs');
    const at = layer * neurons;
    cosines.set(rowCosines(neuronRows(key.matrix, 'outputs'), values, d), at);
    const read = neuronRows(key.matrix, 'outputs', { gain: readGain, after: centred });
    const write = neuronRows(out, 'inputs', {
      gain: postGain,
      before: centred && postGain !== undefined,
      after: centred,
    });
    folded.set(rowCosines(read, write, d), at);
    if (gate) gateCosines?.set(rowCosines(neuronRows(gate.matrix, 'outputs'), values, d), at);
    for (let i = at; gateMeans && i < at + neurons; i++) {
      if ((gateMeans[i] as number) >= 0) continue;
      cosines[i] = -(cosines[i] as number);
      folded[i] = -(folded[i] as number);
    }
  }
  onProgress?.({ stage: 'layers', done: layers, total: layers });
  return {
    layers,
    neurons,
    cosines,
    folded,
    gateCosines,
    gateMeans,
    edges: cosineEdges(bins),
    histogram: Array.from({ length: layers }, (_, layer) =>
      cosineHistogram(cosines.subarray(layer * neurons, (layer + 1) * neurons), bins),
    ),
    strongest: strongest(cosines, count).map((at): DeletingNeuron => ({
      layer: Math.floor(at / neurons),
      neuron: at % neurons,
      cosine: cosines[at] as number,
      folded: folded[at] as number,
      gateCosine: gateCosines?.[at],
      gateMean: gateMeans?.[at],
    })),
    notes: notesOf(gated, gateMeans === undefined ? 0 : countPositions(used)),
  };
}

/** Where the most negative cosines stand, the lowest first. */
function strongest(cosines: Float32Array, count: number): number[] {
  return Array.from(cosines.keys())
    .filter((at) => (cosines[at] as number) < 0)
    .sort((a, b) => (cosines[a] as number) - (cosines[b] as number))
    .slice(0, count);
}

/** Mean of act(gate) over all positions but each prompt's first, f32[layer, neuron]. */
async function meansOfGates(
  place: Workplace,
  prompts: readonly Int32Array[],
  signal: AbortSignal | undefined,
  onProgress: (done: number, total: number) => void,
): Promise<Float32Array> {
  const { nLayers, dMlp, activation } = place.spec;
  const act = activationOf(activation);
  const sums = new Float64Array(nLayers * dMlp);
  const layers = Array.from({ length: nLayers }, (_, layer) => layer);
  await passOver(
    place,
    prompts,
    { hooks: ['mlp.hook_pre'], layers, signal, onProgress },
    ({ layer, prompts: batch, pos, hook }) => {
      const data = hook('mlp.hook_pre');
      batch.forEach(({ length }, b) => {
        for (let p = 1; p < length; p++) {
          const from = (b * pos + p) * dMlp;
          for (let i = 0; i < dMlp; i++) {
            const at = layer * dMlp + i;
            sums[at] = (sums[at] as number) + act(data[from + i] as number);
          }
        }
      });
    },
  );
  const positions = countPositions(prompts);
  return Float32Array.from(sums, (sum) => sum / positions);
}

function notesOf(gated: boolean, positions: number): string[] {
  if (!gated) return [];
  return [
    positions > 0
      ? `Gated MLPs: the cosine is of the up weights with the value, times the sign that act(gate) has on average over ${positions} positions of text.`
      : 'Gated MLPs: the cosine is of the up weights with the value; without prompts the sign of the gate is not known and taken as positive.',
  ];
}
