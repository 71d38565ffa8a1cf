/** The two steps of the lens readout as graphs: the final norm, and the unembedding over a share of the vocabulary. */
import type { ModelSpec } from '../spec/model-spec.ts';
import { GraphBuilder, type OnnxModel } from './onnx.ts';
import {
  buildContext,
  norm,
  packedProduct,
  storedWeight,
  type PackedTensor,
  type StoredTensor,
  type Weights,
} from './parts.ts';

/** resid f32[batch, pos, d_model] → normalized f32[batch · pos, d_model] */
export function finalNormGraph(spec: ModelSpec, weights: Weights, centreFirst: boolean): OnnxModel {
  const g = new GraphBuilder('final_norm');
  const x = g.input('resid', 'F32', ['batch', 'pos', spec.dModel]);
  const y = norm(buildContext(g, spec, weights, centreFirst), x, spec.weights.finalNorm);
  g.output('normalized', g.op('Reshape', [y, g.ints([-1, spec.dModel])]), 'F32', ['rows', spec.dModel]);
  return g.finish();
}

/** e^x below this adds nothing to a sum over any vocabulary, and stays clear of denormals, which are slow. */
const LOWEST_EXPONENT = -80;

/**
 * normalized f32[rows, d_model] → logits f32[rows, tokens]
 *
 * @param unembed the rows of U that this graph holds, [tokens, d_model].
 * @param exps adds the output `exps` f32[rows, tokens], e^(logit − the row's largest logit here): the runtime takes
 * exponentials several times as fast as JavaScript.
 */
export function unembedGraph(
  spec: ModelSpec,
  unembed: StoredTensor | PackedTensor,
  exps: boolean,
): OnnxModel {
  const g = new GraphBuilder('unembed');
  const dims = ['rows', unembed.shape[0]];
  const x = g.input('normalized', 'F32', ['rows', spec.dModel]);
  const logits =
    'matrix' in unembed
      ? packedProduct(g, x, 1, unembed)
      : g.op('Gemm', [x, storedWeight(g, 'unembed', unembed)], { transB: { int: 1 } });
  g.output('logits', logits, 'F32', dims);
  if (exps) {
    const top = g.op('ReduceMax', [logits, g.ints([-1])], { keepdims: { int: 1 } });
    const below = g.op('Max', [g.op('Sub', [logits, top]), g.scalar(LOWEST_EXPONENT)]);
    g.output('exps', g.op('Exp', [below]), 'F32', dims);
  }
  return g.finish();
}
