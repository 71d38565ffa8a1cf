/** The two steps of the lens readout as graphs: the final norm, and the unembedding over a share of the vocabulary. */
import type { ModelSpec } from '../spec/model-spec.ts';
import { GraphBuilder, type OnnxModel } from './onnx.ts';
import { buildContext, norm, storedWeight, type StoredTensor, type Weights } from './parts.ts';

/** resid f32[batch, pos, d_model] → normalized f32[batch · pos, d_model] */
export function finalNormGraph(spec: ModelSpec, weights: Weights, centreFirst: boolean): OnnxModel {
  const g = new GraphBuilder('final_norm');
  const x = g.input('resid', 'F32', ['batch', 'pos', spec.dModel]);
  const y = norm(buildContext(g, spec, weights, centreFirst), x, spec.weights.finalNorm);
  g.output('normalized', g.op('Reshape', [y, g.ints([-1, spec.dModel])]), 'F32', ['rows', spec.dModel]);
  return g.finish();
}

/**
 * normalized f32[rows, d_model] → logits f32[rows, tokens]
 *
 * @param unembed the rows of U that this graph holds, [tokens, d_model].
 */
export function unembedGraph(spec: ModelSpec, unembed: StoredTensor): OnnxModel {
  const g = new GraphBuilder('unembed');
  const x = g.input('normalized', 'F32', ['rows', spec.dModel]);
  const logits = g.op('Gemm', [x, storedWeight(g, 'unembed', unembed)], { transB: { int: 1 } });
  g.output('logits', logits, 'F32', ['rows', unembed.shape[0] as number]);
  return g.finish();
}
