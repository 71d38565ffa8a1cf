/**
 * The model as one graph from ids to logits: no hooks, fused attention, nothing read on the way. It is the plain
 * forward that the lens's last row is checked against, and the peer in bench/.
 */
import type { ModelSpec } from '../spec/model-spec.ts';
import { fusedAttention, layerSpec } from './attention.ts';
import { COS, MASK, SIN } from './block.ts';
import { GraphBuilder, type OnnxModel, type Value } from './onnx.ts';
import {
  blockWeights,
  buildContext,
  linear,
  mlp,
  norm,
  optionalNorm,
  weight,
  type Weights,
} from './parts.ts';

/** Input of the mask for layers with this window. */
export function maskName(window: number | undefined): string {
  return window === undefined ? MASK : `${MASK}.${window}`;
}

/** Inputs of a rotary's tables. */
export function rotaryNames(index: number): { readonly cos: string; readonly sin: string } {
  return { cos: `${COS}.${index}`, sin: `${SIN}.${index}` };
}

/**
 * Inputs: ids i32[batch, pos]; positions i32[batch, pos], where positions are learned; a mask
 * f32[batch, 1, pos, pos] a window; cos and sin f32[batch, pos, 1, dims / 2] a rotary. Output: logits
 * f32[batch, pos, vocab].
 */
export function plainGraph(spec: ModelSpec, weights: Weights, centreFirst: boolean): OnnxModel {
  const g = new GraphBuilder('plain');
  const c = buildContext(g, spec, weights, centreFirst);
  const ids = g.input('ids', 'I32', ['batch', 'pos']);
  const masks = new Map(
    [...new Set(spec.layers.map((l) => l.window))].map((window) => [
      window,
      g.input(maskName(window), 'F32', ['batch', 1, 'pos', 'pos']),
    ]),
  );
  const rotaries = spec.rotaries.map(({ dims }, i) => {
    const { cos, sin } = rotaryNames(i);
    const shape = ['batch', 'pos', 1, dims / 2];
    return { cos: g.input(cos, 'F32', shape), sin: g.input(sin, 'F32', shape) };
  });
  const embed = weight(c, spec.weights.embed);
  const tokens = g.op('Gather', [embed, ids]); // [b, t, d]
  let x = spec.embedScale === 1 ? tokens : g.op('Mul', [tokens, g.scalar(spec.embedScale)]);
  if (spec.weights.posEmbed !== undefined) {
    const positions = g.input('positions', 'I32', ['batch', 'pos']);
    x = g.op('Add', [x, g.op('Gather', [weight(c, spec.weights.posEmbed), positions])]);
  }
  for (let l = 0; l < spec.nLayers; l++) {
    const w = blockWeights(spec, l);
    const { window, rotary } = layerSpec(spec, l);
    const inputs = {
      mask: masks.get(window) as Value,
      rotary: rotary === undefined ? undefined : rotaries[rotary],
    };
    const { z } = fusedAttention(c, l, norm(c, x, w.norm1), inputs, false);
    const attn = optionalNorm(c, linear(c, z, w.out), w.postAttnNorm);
    const mid = g.op('Add', [x, attn]);
    x = g.op('Add', [mid, mlp(c, w, spec.parallel ? x : mid).out]);
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
