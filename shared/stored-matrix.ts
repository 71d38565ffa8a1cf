/** Stored matrices seen as [input, output], whichever way the files have them. */
import { ShapeError } from './errors.ts';
import type { MatrixRef } from './spec/model-spec.ts';

export interface StoredMatrix {
  readonly data: Float32Array;
  readonly layout: MatrixRef['layout'];
  readonly inputs: number;
  readonly outputs: number;
}

/** @throws {ShapeError} `h.0.mlp.c_proj.weight: expected 768 × 192, got 100 numbers` */
export function storedMatrix(
  data: Float32Array,
  { weight, layout }: Pick<MatrixRef, 'weight' | 'layout'>,
  inputs: number,
  outputs: number,
): StoredMatrix {
  if (data.length !== inputs * outputs) {
    throw new ShapeError(`${weight}: expected ${inputs} × ${outputs}, got ${data.length} numbers`);
  }
  return { data, layout, inputs, outputs };
}

/** W·w: what each input's row comes to along a direction. @param w f[outputs]. @returns f64[inputs] */
export function alongOutputs(
  { data, layout, inputs, outputs }: StoredMatrix,
  w: ArrayLike<number>,
): Float64Array {
  const out = new Float64Array(inputs);
  if (layout === 'in-out') {
    for (let i = 0; i < inputs; i++) {
      let sum = 0;
      const row = i * outputs;
      for (let j = 0; j < outputs; j++) sum += (data[row + j] as number) * (w[j] ?? NaN);
      out[i] = sum;
    }
    return out;
  }
  for (let j = 0; j < outputs; j++) {
    const weight = w[j] ?? NaN;
    const row = j * inputs;
    for (let i = 0; i < inputs; i++) out[i] = (out[i] as number) + (data[row + i] as number) * weight;
  }
  return out;
}

/** x·W. @param x f[inputs]. @returns f64[outputs] */
export function product({ data, layout, inputs, outputs }: StoredMatrix, x: ArrayLike<number>): Float64Array {
  const turned = layout === 'in-out' ? 'out-in' : 'in-out';
  return alongOutputs({ data, layout: turned, inputs: outputs, outputs: inputs }, x);
}

/** An input's row. @returns f32[outputs] */
export function rowOf({ data, layout, inputs, outputs }: StoredMatrix, input: number): Float32Array {
  if (layout === 'in-out') return data.slice(input * outputs, (input + 1) * outputs);
  return Float32Array.from({ length: outputs }, (_, j) => data[j * inputs + input] as number);
}

/** An output's column. @returns f32[inputs] */
export function columnOf({ data, layout, inputs, outputs }: StoredMatrix, output: number): Float32Array {
  const turned = layout === 'in-out' ? 'out-in' : 'in-out';
  return rowOf({ data, layout: turned, inputs: outputs, outputs: inputs }, output);
}

/** Length of every input's row, each output times a gain. @returns f64[inputs] */
export function rowLengths(
  { data, layout, inputs, outputs }: StoredMatrix,
  gain?: ArrayLike<number>,
): Float64Array {
  const squares = new Float64Array(inputs);
  const byInput = layout === 'in-out';
  const [rows, columns] = byInput ? [inputs, outputs] : [outputs, inputs];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const [input, output] = byInput ? [r, c] : [c, r];
      const x = (data[r * columns + c] as number) * (gain?.[output] ?? 1);
      squares[input] = (squares[input] as number) + x * x;
    }
  }
  return squares.map(Math.sqrt);
}
