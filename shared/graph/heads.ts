/** Products of head matrices, many at a time. Axes: n matrices, h head, e d_head, d d_model. */
import { GraphBuilder, type OnnxModel } from './onnx.ts';

/** x f32[n, rows, columns] → gram f32[n, columns, columns]: xᵀ·x */
export function gramGraph(): OnnxModel {
  const g = new GraphBuilder('gram');
  const x = g.input('x', 'F32', ['n', 'rows', 'columns']);
  const gram = g.op('MatMul', [g.op('Transpose', [x], { perm: [0, 2, 1] }), x]);
  g.output('gram', gram, 'F32', ['n', 'columns', 'columns']);
  return g.finish();
}

/** x f32[n, rows, columns] → outer f32[n, rows, rows]: x·xᵀ */
export function outerGraph(): OnnxModel {
  const g = new GraphBuilder('outer');
  const x = g.input('x', 'F32', ['n', 'rows', 'columns']);
  const outer = g.op('MatMul', [x, g.op('Transpose', [x], { perm: [0, 2, 1] })]);
  g.output('outer', outer, 'F32', ['n', 'rows', 'rows']);
  return g.finish();
}

/** a f32[m, size], b f32[n, size] → inner f32[m, n]: the inner product of every row with every other */
export function innerGraph(): OnnxModel {
  const g = new GraphBuilder('inner');
  const a = g.input('a', 'F32', ['m', 'size']);
  const b = g.input('b', 'F32', ['n', 'size']);
  g.output('inner', g.op('Gemm', [a, b], { transB: { int: 1 } }), 'F32', ['m', 'n']);
  return g.finish();
}

/** a f32[n, rows, inner], b f32[n, inner, columns] → product f32[n, rows, columns] */
export function productGraph(): OnnxModel {
  const g = new GraphBuilder('product');
  const a = g.input('a', 'F32', ['n', 'rows', 'inner']);
  const b = g.input('b', 'F32', ['n', 'inner', 'columns']);
  g.output('product', g.op('MatMul', [a, b]), 'F32', ['n', 'rows', 'columns']);
  return g.finish();
}

/** u, e f32[tokens, d] → sum f32[d, d]: uᵀ·e over a share of the vocabulary */
export function crossGraph(d: number): OnnxModel {
  const g = new GraphBuilder('cross');
  const u = g.input('u', 'F32', ['tokens', d]);
  const e = g.input('e', 'F32', ['tokens', d]);
  g.output('sum', g.op('Gemm', [u, e], { transA: { int: 1 } }), 'F32', [d, d]);
  return g.finish();
}

/** o f32[h, e, d], s f32[d, d], v f32[h, d, e] → circuit f32[h, e, e]: o·s·v of each head */
export function circuitGraph(d: number, e: number): OnnxModel {
  const g = new GraphBuilder('circuit');
  const o = g.input('o', 'F32', ['h', e, d]);
  const s = g.input('s', 'F32', [d, d]);
  const v = g.input('v', 'F32', ['h', d, e]);
  g.output('circuit', g.op('MatMul', [g.op('MatMul', [o, s]), v]), 'F32', ['h', e, e]);
  return g.finish();
}

/**
 * left f32[heads · e, d], right f32[parts, d, e] → squares f32[heads, parts]: the squared Frobenius norm of every
 * product of a head's rows with a part. One product for all of them.
 */
export function compositionGraph(d: number, e: number, parts: number): OnnxModel {
  const g = new GraphBuilder('composition');
  const left = g.input('left', 'F32', ['rows', d]);
  const right = g.input('right', 'F32', [parts, d, e]);
  const wide = g.op('Reshape', [g.op('Transpose', [right], { perm: [1, 0, 2] }), g.ints([d, parts * e])]); // [d, parts · e]
  const product = g.op('MatMul', [left, wide]); // [heads · e, parts · e]
  const squares = g.op('Reshape', [g.op('Mul', [product, product]), g.ints([-1, e, parts, e])]);
  const sums = g.op('ReduceSum', [squares, g.ints([1, 3])], { keepdims: { int: 0 } });
  g.output('squares', sums, 'F32', ['heads', parts]);
  return g.finish();
}
