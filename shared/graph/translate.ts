/** Graphs of translated lenses: a translator at work, and the moments that one is fitted from. */
import { GraphBuilder, type OnnxModel } from './onnx.ts';

/** resid f32[batch, pos, d], weight f32[d, d], bias f32[d] → translated f32[1, batch · pos, d]: x + x·W + b */
export function translateGraph(d: number): OnnxModel {
  const g = new GraphBuilder('translate');
  const resid = g.input('resid', 'F32', ['batch', 'pos', d]);
  const weight = g.input('weight', 'F32', [d, d]);
  const bias = g.input('bias', 'F32', [d]);
  const x = g.op('Reshape', [resid, g.ints([-1, d])]); // [rows, d]
  const y = g.op('Add', [x, g.op('Gemm', [x, weight, bias])]);
  g.output('translated', g.op('Reshape', [y, g.ints([1, -1, d])]), 'F32', [1, 'rows', d]);
  return g.finish();
}

/**
 * x, y f32[batch, pos, d]; rows f32[batch · pos, 1], 1 for rows that count and 0 for others; shift_x, shift_y f32[d].
 * With u = (x − shift_x)·rows and v alike: xx f32[d, d] = uᵀu, xy = uᵀv, sum_x f32[1, d] = Σ u, sum_y = Σ v.
 */
export function momentsGraph(d: number): OnnxModel {
  const g = new GraphBuilder('moments');
  const rows = g.input('rows', 'F32', ['rows', 1]);
  const centred = (name: string): string => {
    const x = g.input(name, 'F32', ['batch', 'pos', d]);
    const shift = g.input(`shift_${name}`, 'F32', [d]);
    return g.op('Mul', [g.op('Sub', [g.op('Reshape', [x, g.ints([-1, d])]), shift]), rows]);
  };
  const [u, v] = [centred('x'), centred('y')];
  const product = (a: string, b: string): string => g.op('Gemm', [a, b], { transA: { int: 1 } });
  g.output('xx', product(u, u), 'F32', [d, d]);
  g.output('xy', product(u, v), 'F32', [d, d]);
  g.output('sum_x', g.op('ReduceSum', [u, g.ints([0])], { keepdims: { int: 1 } }), 'F32', [1, d]);
  g.output('sum_y', g.op('ReduceSum', [v, g.ints([0])], { keepdims: { int: 1 } }), 'F32', [1, d]);
  return g.finish();
}
