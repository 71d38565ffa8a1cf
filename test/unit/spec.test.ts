/** From config.json to a spec: GPT-2 as published, and what is refused. */
import { describe, expect, it } from 'vitest';
import { FormatError, UnsupportedError } from '../../shared/errors.ts';
import type { JsonObject } from '../../shared/formats/json.ts';
import { blockTensorNames, type ModelSpec } from '../../shared/spec/model-spec.ts';
import { readSpec } from '../../shared/spec/read-spec.ts';

const spec = (config: JsonObject, names: readonly string[] = []): Promise<ModelSpec> =>
  readSpec(
    'm/config.json',
    { model_type: 'gpt2', ...config },
    new Map(names.map((name) => [name, { shape: [] }])),
  );

describe('spec', () => {
  it('takes what GPT-2 small leaves out from the family’s defaults', async () => {
    const small = await spec({});
    expect(small).toMatchObject({
      nLayers: 12,
      dModel: 768,
      nHeads: 12,
      dHead: 64,
      dMlp: 3072,
      dVocab: 50257,
    });
    expect(small).toMatchObject({
      nCtx: 1024,
      activation: 'gelu_tanh',
      norm: { kind: 'layer', eps: 1e-5, offset: 0 },
    });
    expect(small.layers).toEqual(Array.from({ length: 12 }, () => ({ attnScale: 0.125 })));
    expect(small.weights.unembed).toBe(small.weights.embed);
  });

  it('names every tensor once, with the prefix that the file has', async () => {
    const prefixed = await spec({ n_layer: 2 }, ['transformer.wte.weight']);
    expect(prefixed.weights.embed).toBe('transformer.wte.weight');
    const used = prefixed.weights.blocks.flatMap(blockTensorNames);
    expect(new Set(used).size).toBe(2 * 12);
    for (const name of used) expect(prefixed.shapes.has(name)).toBe(true);
    expect(prefixed.shapes.get('transformer.h.1.mlp.c_fc.weight')).toEqual([768, 3072]);
    expect((await spec({})).weights.embed).toBe('wte.weight');
  });

  it('follows the options that change numbers', async () => {
    expect((await spec({ scale_attn_weights: false })).layers[0]?.attnScale).toBe(1);
    const byLayer = (await spec({ scale_attn_by_inverse_layer_idx: true, n_layer: 3 })).layers.map(
      (l) => l.attnScale,
    );
    expect(byLayer).toEqual([0.125, 0.0625, 0.125 / 3]);
    expect((await spec({ tie_word_embeddings: false })).weights.unembed).toBe('lm_head.weight');
    expect((await spec({ activation_function: 'relu' })).activation).toBe('relu');
    expect((await spec({ n_inner: null })).dMlp).toBe(3072);
  });

  it.each<[JsonObject, new (m: string) => Error, string]>([
    [
      { model_type: 'mamba' },
      UnsupportedError,
      'm/config.json: models of type "mamba" don\'t open yet; these do: gpt2, gpt_neo',
    ],
    [{ model_type: undefined }, FormatError, 'm/config.json: no model_type'],
    [{ activation_function: 'tanh' }, UnsupportedError, 'm/config.json: activation "tanh" is not done here'],
    [{ add_cross_attention: true }, UnsupportedError, 'cross-attention is not done here'],
    [{ n_embd: 100, n_head: 12 }, UnsupportedError, 'n_embd 100 is no multiple of n_head 12'],
    [
      { n_layer: 0 },
      FormatError,
      'n_layer or num_hidden_layers: expected a whole number from 1 to 1024, got 0',
    ],
    [{ n_layer: 1e9 }, FormatError, 'got 1000000000'],
    [{ n_embd: '768' }, FormatError, 'got "768"'],
    [{ layer_norm_epsilon: 'x' }, FormatError, 'layer_norm_epsilon: expected a number'],
    [{ tie_word_embeddings: 1 }, FormatError, 'expected true or false, got 1'],
  ])('refuses %j', async (config, kind, message) => {
    await expect(spec(config)).rejects.toThrow(kind);
    await expect(spec(config)).rejects.toThrow(message);
  });
});
