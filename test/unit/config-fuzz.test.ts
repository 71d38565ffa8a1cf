/** Configs that lie: whatever stands in them, a spec that makes sense or a typed error. */
import { describe, expect, it } from 'vitest';
import { ResidscopeError } from '../../shared/errors.ts';
import { blockTensorNames } from '../../shared/spec/model-spec.ts';
import { FAMILIES, readSpec } from '../../shared/spec/read-spec.ts';
import { seeded, type Random } from '../support/random.ts';

const KEYS = [
  'activation_function', 'add_cross_attention', 'attention_bias', 'attention_layers', 'attention_types', 'final_logit_softcapping',
  'head_dim', 'hidden_act', 'hidden_activation', 'hidden_size', 'intermediate_size', 'layer_norm_eps', 'layer_norm_epsilon',
  'layer_types', 'max_position_embeddings', 'max_window_layers', 'mlp_bias', 'n_embd', 'n_head', 'n_inner', 'n_layer', 'n_positions',
  'num_attention_heads', 'num_heads', 'num_hidden_layers', 'num_key_value_heads', 'num_layers', 'query_pre_attn_scalar',
  'rms_norm_eps', 'rope_local_base_freq', 'rope_parameters', 'rope_scaling', 'rope_theta', 'rotary_emb_base', 'rotary_pct',
  'scale_attn_by_inverse_layer_idx', 'scale_attn_weights', 'sliding_window', 'sliding_window_pattern', 'tie_word_embeddings',
  'use_parallel_residual', 'use_sliding_window', 'vocab_size', 'window_size',
]; // prettier-ignore

function anything(random: Random, depth = 0): unknown {
  const inner = (): unknown => anything(random, depth + 1);
  return random.pick<() => unknown>([
    () => null,
    () => random.next() < 0.5,
    () => random.below(64),
    () => (random.next() - 0.5) * 10 ** random.below(300),
    () => random.pick([0, -0, -1, 1.5, 2 ** 31, 2 ** 53, 1e308]),
    () => random.pick(['gelu', 'silu', 'llama3', 'default', 'yarn', '', '__proto__', 'full_attention']),
    () => (depth > 3 ? [] : Array.from({ length: random.below(5) }, inner)),
    () => (depth > 3 ? {} : { rope_type: inner(), type: inner(), factor: inner(), rope_theta: inner() }),
    () => (depth > 3 ? {} : { full_attention: inner(), sliding_attention: inner() }),
    () => [[['global', 'local'], random.below(9)]],
  ])();
}

describe('configs that lie', () => {
  it('end in a typed error, or in a spec whose sizes hold together', { timeout: 60_000 }, async () => {
    const random = seeded(23);
    let [refused, opened] = [0, 0];
    for (let n = 0; n < 10_000; n++) {
      const config: Record<string, unknown> = {
        model_type: random.pick(FAMILIES),
        num_hidden_layers: 3,
        n_layer: 3,
        num_layers: 3,
      };
      for (let edits = random.below(4); edits >= 0; edits--) config[random.pick(KEYS)] = anything(random);
      try {
        const spec = await readSpec('m/config.json', config, new Map());
        expect(spec.layers).toHaveLength(spec.nLayers);
        expect(spec.nHeads % spec.nKvHeads).toBe(0);
        for (const { attnScale, rotary } of spec.layers) {
          expect(attnScale).toBeGreaterThan(0);
          expect(Number.isFinite(attnScale)).toBe(true);
          if (rotary !== undefined) expect(spec.rotaries[rotary]?.dims).toBeLessThanOrEqual(spec.dHead);
        }
        for (const { dims, frequencies } of spec.rotaries) {
          expect(frequencies).toHaveLength(dims / 2);
          expect(frequencies.every((f) => Number.isFinite(f) && f >= 0)).toBe(true);
        }
        expect(spec.norm.eps).toBeGreaterThanOrEqual(0);
        for (const name of spec.weights.blocks.flatMap(blockTensorNames))
          expect(spec.shapes.has(name)).toBe(true);
        opened++;
      } catch (error) {
        if (!(error instanceof ResidscopeError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
    expect(opened).toBeGreaterThan(1000);
  });
});
