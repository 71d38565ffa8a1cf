/** A layer's keys and values as matrices, as stored and in the stream's own directions. */
import { gainOf } from '../shared/heads/weights.ts';
import type { MatrixRef } from '../shared/spec/model-spec.ts';
import { storedMatrix, type StoredMatrix } from '../shared/stored-matrix.ts';
import type { Workplace } from './average-readings.ts';
import type { NeuronKey } from './neurons-api.ts';
import { layerValues, type LayerValues } from './value-tokens.ts';

export interface LayerKey {
  readonly part: NeuronKey['part'];
  /** [d, m] */
  readonly matrix: StoredMatrix;
  readonly ref: MatrixRef;
}

export interface LayerNeurons extends LayerValues {
  /** The key, `in` or `up`, and the gate where there is one. */
  readonly key: LayerKey;
  readonly gate: LayerKey | undefined;
  /** f64[d]: the gain of the norm that the MLP reads through. */
  readonly readGain: Float64Array;
}

export async function layerNeurons(
  { spec, weights }: Pick<Workplace, 'spec' | 'weights'>,
  layer: number,
  signal: AbortSignal | undefined,
): Promise<LayerNeurons> {
  const values = await layerValues({ spec, weights }, layer, signal);
  const { mlpIn, mlpGate, norm2 } = values.block;
  const key = async (part: NeuronKey['part'], ref: MatrixRef): Promise<LayerKey> => {
    const { data } = await weights.tensor(ref.weight, signal);
    return { part, ref, matrix: storedMatrix(data, ref, spec.dModel, spec.dMlp) };
  };
  const stored = (await weights.tensor(norm2.weight, signal)).data;
  return {
    ...values,
    key: await key(mlpGate ? 'up' : 'in', mlpIn),
    gate: mlpGate && (await key('gate', mlpGate)),
    readGain: gainOf(spec, norm2, () => stored),
  };
}
