/** The other families: both spellings of rotary positions, windows, defaults, and what is refused by name. */
import { describe, expect, it } from 'vitest';
import { FormatError, UnsupportedError } from '../../shared/errors.ts';
import type { JsonObject } from '../../shared/formats/json.ts';
import { withConstants } from '../../shared/spec/constants.ts';
import { blockTensorNames, type ModelSpec } from '../../shared/spec/model-spec.ts';
import { FAMILIES, readSpec } from '../../shared/spec/read-spec.ts';

const spec = (
  model_type: string,
  config: JsonObject = {},
  names: readonly string[] = [],
): Promise<ModelSpec> =>
  readSpec('m/config.json', { model_type, ...config }, new Map(names.map((n) => [n, { shape: [] }])));

const SMALL = {
  hidden_size: 64,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  num_hidden_layers: 6,
  vocab_size: 100,
};

describe('families', () => {
  it.each(FAMILIES)('%s opens from its defaults, every used tensor with a shape', async (family) => {
    const model = await spec(family);
    expect(model.family).toBe(family);
    expect(model.weights.blocks).toHaveLength(model.nLayers);
    expect(model.layers).toHaveLength(model.nLayers);
    const used = [
      model.weights.embed,
      model.weights.unembed,
      model.weights.finalNorm.weight,
      ...model.weights.blocks.flatMap(blockTensorNames),
    ];
    for (const name of used) expect(model.shapes.get(name), name).toBeDefined();
    expect(model.outerHooks.includes('hook_pos_embed')).toBe(model.weights.posEmbed !== undefined);
    expect(model.blockHooks.includes('attn.hook_rot_q')).toBe(model.rotaries.length > 0);
  });

  it('both spellings of rotary positions give the same frequencies', async () => {
    const scaling = {
      rope_type: 'llama3',
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 32,
    };
    const old = await spec('llama', { ...SMALL, rope_theta: 500_000, rope_scaling: scaling });
    const newer = await spec('llama', { ...SMALL, rope_parameters: { rope_theta: 500_000, ...scaling } });
    expect(newer.rotaries).toEqual(old.rotaries);
    const plain = await spec('llama', { ...SMALL, rope_theta: 500_000 });
    expect(plain.rotaries[0]?.frequencies[7]).toBeCloseTo(8 * (old.rotaries[0]?.frequencies[7] ?? 0), 9);
    expect(plain.rotaries[0]?.frequencies[0]).toBe(old.rotaries[0]?.frequencies[0]);
    const neox = await spec('gpt_neox', { ...SMALL, rotary_pct: 0.5, rotary_emb_base: 100 });
    const newerNeox = await spec('gpt_neox', {
      ...SMALL,
      rope_parameters: { rope_theta: 100, partial_rotary_factor: 0.5, rope_type: 'default' },
    });
    expect(neox.rotaries).toEqual(newerNeox.rotaries);
    expect(neox.rotaries[0]?.dims).toBe(8);
  });

  it('GPT-Neo looks through windows in turn, and does not scale its scores', async () => {
    const { layers } = await spec('gpt_neo', {
      hidden_size: 64,
      num_heads: 4,
      num_layers: 3,
      attention_types: [[['global', 'local'], 2]],
      window_size: 8,
    });
    expect(layers).toEqual([{ attnScale: 1 }, { attnScale: 1, window: 8 }, { attnScale: 1 }]);
  });

  it('NeoX in parallel has no middle state', async () => {
    expect((await spec('gpt_neox', SMALL)).blockHooks).not.toContain('hook_resid_mid');
    expect((await spec('gpt_neox', { ...SMALL, use_parallel_residual: false })).blockHooks).toContain(
      'hook_resid_mid',
    );
  });

  it('Mistral has a window unless the config says null', async () => {
    expect((await spec('mistral', SMALL)).layers[0]?.window).toBe(4096);
    expect((await spec('mistral', { ...SMALL, sliding_window: 6 })).layers[0]?.window).toBe(6);
    expect((await spec('mistral', { ...SMALL, sliding_window: null })).layers[0]?.window).toBeUndefined();
  });

  it('Qwen: biases on q, k and v alone; head norms; windows only where they are switched on', async () => {
    const [block] = (await spec('qwen2', SMALL)).weights.blocks;
    expect(block?.qkv.kind === 'split' && block.qkv.q.bias).toBe('layers.0.self_attn.q_proj.bias');
    expect(block?.out.bias).toBeUndefined();
    const qwen3 = await spec('qwen3', SMALL);
    expect(qwen3.dHead).toBe(128);
    expect(qwen3.weights.blocks[0]?.qNorm?.weight).toBe('layers.0.self_attn.q_norm.weight');
    const sliding = await spec('qwen2', {
      ...SMALL,
      use_sliding_window: true,
      sliding_window: 16,
      max_window_layers: 4,
    });
    expect(sliding.layers.map((l) => l.window)).toEqual([undefined, undefined, undefined, undefined, 16, 16]);
  });

  it('Gemma 3: two rotary bases, every sixth layer full, the embedding scaled, gains of 1 + w', async () => {
    const gemma = await spec('gemma3_text', { ...SMALL, sliding_window: 32, query_pre_attn_scalar: 24 });
    expect(gemma.layers.map((l) => l.window)).toEqual([32, 32, 32, 32, 32, undefined]);
    expect(gemma.layers.map((l) => l.rotary)).toEqual([1, 1, 1, 1, 1, 0]);
    expect(gemma.layers[0]?.attnScale).toBeCloseTo(24 ** -0.5, 12);
    expect(gemma.embedScale).toBe(8);
    expect(gemma.norm.offset).toBe(1);
    expect(gemma.rotaries.map((r) => r.frequencies[1])).toEqual([
      Math.fround(1 / 1_000_000 ** (2 / 256)),
      Math.fround(1 / 10_000 ** (2 / 256)),
    ]);
    const newer = await spec('gemma3_text', {
      ...SMALL,
      rope_parameters: {
        full_attention: { rope_theta: 1_000_000, rope_type: 'default' },
        sliding_attention: { rope_theta: 10_000, rope_type: 'default' },
      },
    });
    expect(newer.rotaries).toEqual(gemma.rotaries);
  });

  it('constants in the precision of a model that was cast', async () => {
    const gemma = await spec('gemma3_text', { ...SMALL, hidden_size: 48 });
    expect(withConstants(gemma, 'f32')).toBe(gemma);
    expect(withConstants(gemma, 'bf16').embedScale).toBe(6.9375);
    expect(withConstants(gemma, 'f16').embedScale).toBe(6.9296875);
  });

  it.each<[string, JsonObject, new (m: string) => Error, string]>([
    [
      'llama',
      { rope_scaling: { type: 'yarn', factor: 4 } },
      UnsupportedError,
      'rope scaling "yarn" is not done here',
    ],
    ['llama', { rope_scaling: { rope_type: 'llama3' } }, FormatError, 'factor: expected a number'],
    ['llama', { rope_scaling: 4 }, FormatError, 'rope_scaling: expected an object'],
    ['llama', { rope_theta: -1 }, FormatError, 'rotary base -1'],
    ['gemma3_text', { rope_local_base_freq: 5e-324 }, FormatError, 'rotary base 5e-324'],
    ['llama', { rope_theta: 0.5 }, FormatError, 'rotary base 0.5'],
    [
      'llama',
      { num_attention_heads: 4, num_key_value_heads: 3 },
      FormatError,
      'no multiple of num_key_value_heads 3',
    ],
    ['llama', { hidden_act: 'relu2' }, UnsupportedError, 'activation "relu2" is not done here'],
    [
      'gemma3_text',
      { final_logit_softcapping: 30 },
      UnsupportedError,
      'softcapping (final_logit_softcapping)',
    ],
    ['gemma3_text', { use_bidirectional_attention: true }, UnsupportedError, 'bidirectional attention'],
    [
      'gemma3_text',
      { layer_types: ['full_attention'] },
      FormatError,
      'layer_types: expected 26 entries, got 1',
    ],
    [
      'qwen3',
      { num_hidden_layers: 1, use_sliding_window: true, layer_types: ['linear_attention'] },
      FormatError,
      'attention "linear_attention" is not done here',
    ],
    [
      'gpt_neo',
      { attention_types: [[['global', 'sparse'], 12]] },
      FormatError,
      'expected global or local for each of 24',
    ],
    ['gpt_neo', { attention_types: [[['global'], 1e12]] }, FormatError, 'expected global or local'],
    ['mixtral', {}, UnsupportedError, 'models of type "mixtral" don\'t open yet'],
    ['gemma2', {}, UnsupportedError, 'models of type "gemma2" don\'t open yet'],
  ])('%s refuses %j', async (family, config, kind, message) => {
    await expect(spec(family, config)).rejects.toThrow(kind);
    await expect(spec(family, config)).rejects.toThrow(message);
  });
});
