/** The GGUF reader on good files: config, tensors, pages, alignment. */
import { describe, expect, it } from 'vitest';
import { toFloat32 } from '../../shared/formats/dtype.ts';
import { openGguf } from '../../shared/formats/gguf/open-gguf.ts';
import { findTensor, rowsInOrder } from '../../shared/formats/tensors.ts';
import { Tokenizer } from '../../shared/tokenizer/tokenizer.ts';
import { CountingSource } from '../support/counting-source.ts';
import { field, ggufFile, ggufSource, tinyGguf, withFields } from '../support/gguf-bytes.ts';

const TINY = tinyGguf();

describe('GGUF', () => {
  it.each([2, 3])(
    'reads version %i: config, tensors in the model’s row order, tokenizer',
    async (version) => {
      const opened = await openGguf(ggufSource(ggufFile({ ...TINY, version })));
      expect(opened.config).toEqual({
        model_type: 'llama',
        vocab_size: 6,
        max_position_embeddings: 32,
        hidden_size: 8,
        num_hidden_layers: 1,
        num_attention_heads: 2,
        num_key_value_heads: 1,
        head_dim: 4,
        intermediate_size: 8,
        rms_norm_eps: 1e-5,
        rope_theta: 10_000,
        rope_scaling: null,
        tie_word_embeddings: true,
        hidden_act: 'silu',
        attention_bias: false,
        mlp_bias: false,
      });
      const firsts = async (name: string): Promise<number[]> => {
        const info = findTensor(opened.tensors, name);
        const bytes = await info.source.read(info.start, info.end);
        return [...toFloat32(rowsInOrder(info, bytes), 'F32')].filter((_, i) => i % 8 === 0);
      };
      // Stored rows 0 1 2 3 of a head are the model's 0 2 1 3.
      expect(await firsts('model.layers.0.self_attn.q_proj.weight')).toEqual(
        [0, 2, 1, 3, 4, 6, 5, 7].map((row) => 1000 + row * 8),
      );
      expect(await firsts('model.layers.0.self_attn.k_proj.weight')).toEqual([2000, 2016, 2008, 2024]);
      const tokenizer = Tokenizer.fromJson(opened.tokenizerJson, opened.tokenizerConfig, 'tiny');
      expect(tokenizer.encode('ab a<s>').ids).toEqual([4, 5, 0]);
      expect(tokenizer.bosId).toBe(0);
    },
  );

  it('reads tensors at another alignment, in any order', async () => {
    const description = withFields(TINY, { 'general.alignment': field.u32(8) });
    const reversed = { ...description, tensors: [...TINY.tensors].reverse(), alignment: 8 };
    const { tensors } = await openGguf(ggufSource(ggufFile(reversed)));
    const { start, end } = findTensor(tensors, 'model.norm.weight');
    expect([start % 8, end - start]).toEqual([0, 32]);
  });

  it('reads headers longer than a page, and no further than it must', async () => {
    const filler = field.texts(Array.from({ length: 120_000 }, (_, i) => `token ${i} and some more`));
    const numbers = field.f32s(Array.from({ length: 200_000 }, (_, i) => i));
    const bytes = ggufFile({
      ...withFields(TINY, { filler, numbers }),
      tensors: [
        ...TINY.tensors,
        { name: 'output.weight', dims: [8, 1_000_000], type: 0, bytes: new Uint8Array(32_000_000) },
      ],
    });
    const source = new CountingSource('test.gguf', bytes);
    const { config } = await openGguf(source);
    expect(config['tie_word_embeddings']).toBe(false);
    expect(bytes.length).toBeGreaterThan(36_000_000);
    expect(source.bytes).toBeLessThan(10_000_000);
  });

  it('stops at a signal', async () => {
    const stop = new AbortController();
    stop.abort(new Error('stopped'));
    const source = new CountingSource('test.gguf', ggufFile(TINY));
    await expect(openGguf(source, stop.signal)).rejects.toThrow('stopped');
  });
});
