/**
 * The model as one graph from ids to logits: no hooks, fused attention, nothing read on the way. It is the plain
 * forward that the lens's last row is checked against, and the peer in bench/.
 */
import type { ModelSpec } from '../spec/model-spec.ts';
import { MASK } from './block.ts';
import { GraphBuilder, type OnnxModel } from './onnx.ts';
import {
  activate,
  blockWeights,
  buildContext,
  fusedAttention,
  linear,
  norm,
  weight,
  type Weights,
} from './parts.ts';

/** ids i32[batch, pos], positions i32[batch, pos], mask f32[batch, 1, pos, pos] → logits f32[batch, pos, vocab] */
export function plainGraph(spec: ModelSpec, weights: Weights, centreFirst: boolean): OnnxModel {
  const g = new GraphBuilder('plain');
  const c = buildContext(g, spec, weights, centreFirst);
  const ids = g.input('ids', 'I32', ['batch', 'pos']);
  const positions = g.input('positions', 'I32', ['batch', 'pos']);
  const mask = g.input(MASK, 'F32', ['batch', 1, 'pos', 'pos']);
  const embed = weight(c, spec.weights.embed);
  const posEmbed = weight(c, spec.weights.posEmbed);
  let x = g.op('Add', [g.op('Gather', [embed, ids]), g.op('Gather', [posEmbed, positions])]); // [b, t, d]
  for (let l = 0; l < spec.nLayers; l++) {
    const w = blockWeights(spec, l);
    const attn = fusedAttention(c, l, norm(c, x, w.norm1), mask, false);
    x = g.op('Add', [x, linear(c, attn.z, w.out)]);
    const mlp = activate(c, linear(c, norm(c, x, w.norm2), w.mlpIn), spec.activation);
    x = g.op('Add', [x, linear(c, mlp, w.mlpOut)]);
  }
  const tied = spec.weights.unembed === spec.weights.embed;
  const u = tied ? embed : weight(c, spec.weights.unembed);
  // Gemm takes matrices, and multiplies by Uᵀ without a transposed copy of U.
  const rows = g.op('Reshape', [norm(c, x, spec.weights.finalNorm), g.ints([-1, spec.dModel])]);
  const flat = g.op('Gemm', [rows, u], { transB: { int: 1 } });
  const shape = g.op('Concat', [g.op('Shape', [ids]), g.ints([spec.dVocab])], { axis: { int: 0 } });
  g.output('logits', g.op('Reshape', [flat, shape]), 'F32', ['batch', 'pos', spec.dVocab]);
  return g.finish();
}
