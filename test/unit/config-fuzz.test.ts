/** Configs that lie: whatever stands in them, a spec that makes sense or a typed error. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ResidscopeError } from '../../shared/errors.ts';
import { blockTensorNames } from '../../shared/spec/model-spec.ts';
import { FAMILIES, readSpec } from '../../shared/spec/read-spec.ts';
import { bufferBytes, CASES } from '../support/hostile.ts';

const KEYS = [
  'activation_function', 'add_cross_attention', 'attention_bias', 'attention_layers', 'attention_types', 'final_logit_softcapping',
  'head_dim', 'hidden_act', 'hidden_activation', 'hidden_size', 'intermediate_size', 'layer_norm_eps', 'layer_norm_epsilon',
  'layer_types', 'max_position_embeddings', 'max_window_layers', 'mlp_bias', 'n_embd', 'n_head', 'n_inner', 'n_layer', 'n_positions',
  'num_attention_heads', 'num_heads', 'num_hidden_layers', 'num_key_value_heads', 'num_layers', 'query_pre_attn_scalar',
  'rms_norm_eps', 'rope_local_base_freq', 'rope_parameters', 'rope_scaling', 'rope_theta', 'rotary_emb_base', 'rotary_pct',
  'scale_attn_by_inverse_layer_idx', 'scale_attn_weights', 'sliding_window', 'sliding_window_pattern', 'tie_word_embeddings',
  'use_parallel_residual', 'use_sliding_window', 'vocab_size', 'window_size',
]; // prettier-ignore

/** JSON, and what looks like a config's own values. */
const value = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.nat(64),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(-0, -1, 1.5, 2 ** 31, 2 ** 53, 1e308),
    fc.constantFrom('gelu', 'silu', 'llama3', 'default', 'yarn', '', '__proto__', 'full_attention'),
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom({ toString: null, valueOf: null }, { toString: 1 }),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.record({ rope_type: tie('any'), type: tie('any'), factor: tie('any'), rope_theta: tie('any') }),
    fc.record({ full_attention: tie('any'), sliding_attention: tie('any') }),
    fc.nat(8).map((n) => [[['global', 'local'], n]]),
  ),
})).any;

const config = fc
  .tuple(
    fc.constantFrom(...FAMILIES),
    fc.dictionary(fc.constantFrom(...KEYS), value, { minKeys: 1, maxKeys: 4 }),
  )
  .map(([family, lies]) => ({
    ...{ model_type: family, num_hidden_layers: 3, n_layer: 3, num_layers: 3 },
    ...lies,
  }));

it('end in a typed error, or in a spec whose sizes hold together', { timeout: 60_000 }, async () => {
  let [refused, opened] = [0, 0];
  await fc.assert(
    fc.asyncProperty(config, async (lying) => {
      const taken = await bufferBytes(async () => {
        try {
          const spec = await readSpec(
            'm/config.json',
            JSON.parse(JSON.stringify(lying)) as typeof lying,
            new Map(),
          );
          const wrong = [
            spec.layers.length !== spec.nLayers || spec.nLayers > 1024,
            spec.nHeads % spec.nKvHeads !== 0,
            !spec.layers.every(({ attnScale }) => attnScale > 0 && Number.isFinite(attnScale)),
            !spec.layers.every(
              ({ rotary }) => rotary === undefined || (spec.rotaries[rotary]?.dims ?? Infinity) <= spec.dHead,
            ),
            !spec.rotaries.every(({ dims, frequencies }) => frequencies.length === dims / 2),
            !spec.rotaries.every(({ frequencies }) => frequencies.every((f) => Number.isFinite(f) && f >= 0)),
            !(spec.norm.eps >= 0),
            !spec.weights.blocks.flatMap(blockTensorNames).every((name) => spec.shapes.has(name)),
          ];
          expect(wrong.indexOf(true)).toBe(-1);
          opened++;
        } catch (error) {
          if (!(error instanceof ResidscopeError)) throw error;
          refused++;
        }
      });
      expect(taken).toBeLessThan(4 * 2 ** 20);
    }),
    CASES,
  );
  expect(refused).toBeGreaterThan(1000);
  expect(opened).toBeGreaterThan(500);
});
