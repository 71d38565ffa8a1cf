/** A real GGUF: SmolLM2-135M's header, config and tokenizer against the files that it was made from. */
import { open, type FileHandle } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ByteSource } from '../../shared/formats/byte-source.ts';
import { isFloat, toFloat32 } from '../../shared/formats/dtype.ts';
import { openGguf, type OpenedGguf } from '../../shared/formats/gguf/open-gguf.ts';
import { isObject } from '../../shared/formats/json.ts';
import { findTensor } from '../../shared/formats/tensors.ts';
import { Tokenizer } from '../../shared/tokenizer/tokenizer.ts';
import { expectCase, tokenizerCases } from '../cases/tokenizer.ts';
import { pathOf, sharedMissing } from '../support/addresses.ts';
import { randomText, seeded } from '../support/random.ts';
import { readJson } from '../support/read-json.ts';

const FOLDER = 'shared/models/smollm2-135m-instruct';

let file: FileHandle | undefined;
let read = 0;
let opened: OpenedGguf | undefined;

beforeAll(async () => {
  if (sharedMissing) return;
  const handle = await open(pathOf(`${FOLDER}/SmolLM2-135M-Instruct.Q4_1.gguf`));
  file = handle;
  const { size } = await handle.stat();
  const source: ByteSource = {
    name: 'smollm2.gguf',
    size,
    async read(start, end) {
      const bytes = new Uint8Array(end - start);
      await handle.read(bytes, 0, bytes.length, start);
      read += bytes.length;
      return bytes;
    },
  };
  opened = await openGguf(source);
});

afterAll(() => file?.close());

describe.skipIf(sharedMissing)(`SmolLM2's GGUF${sharedMissing ? `: ${sharedMissing}` : ''}`, () => {
  const gguf = (): OpenedGguf => {
    if (!opened) throw new Error('not open');
    return opened;
  };

  it('opens with little more than its header read', () => {
    expect(read).toBeLessThan(4_000_000);
  });

  it('has the config that the model came with', () => {
    const theirs = readJson(`${FOLDER}/config.json`);
    if (!isObject(theirs)) throw new Error('config.json');
    const { architectures, torch_dtype, bos_token_id, eos_token_id, ...needed } = theirs;
    expect([architectures, torch_dtype, bos_token_id, eos_token_id]).toBeDefined();
    expect(gguf().config).toMatchObject(needed);
    expect(gguf().config).toMatchObject({ rope_scaling: null });
  });

  it('has every tensor of a LlamaForCausalLM with its shape, and no other', () => {
    const { tensors } = gguf().tensors;
    expect(tensors.size).toBe(2 + 30 * 9);
    expect(findTensor(gguf().tensors, 'model.embed_tokens.weight')).toMatchObject({
      dtype: 'Q8_0',
      shape: [49152, 576],
    });
    expect(findTensor(gguf().tensors, 'model.layers.29.mlp.down_proj.weight')).toMatchObject({
      dtype: 'Q4_1',
      shape: [576, 1536],
    });
    const k = findTensor(gguf().tensors, 'model.layers.0.self_attn.k_proj.weight');
    expect(k).toMatchObject({ shape: [192, 576], pairedHeads: 3 });
    expect(tensors.has('lm_head.weight')).toBe(false);
  });

  it('dequantizes as a whole', { timeout: 60_000 }, async () => {
    let numbers = 0;
    let spent = 0;
    for (const { dtype, source, start, end } of gguf().tensors.tensors.values()) {
      const bytes = await source.read(start, end);
      if (!isFloat(dtype)) throw new Error(dtype);
      const before = performance.now();
      const values = toFloat32(bytes, dtype);
      spent += performance.now() - before;
      numbers += values.length;
      expect(values.reduce((sum, x) => sum + x, 0)).not.toBeNaN();
    }
    expect(numbers).toBe(134_515_008);
    console.log(`SmolLM2: ${numbers} numbers in ${spent.toFixed(0)} ms`);
  });

  it('gives the ids, tokens, offsets and texts of every golden', () => {
    const tokenizer = Tokenizer.fromJson(gguf().tokenizerJson, gguf().tokenizerConfig, 'smollm2');
    const cases = tokenizerCases(readJson(`${FOLDER}/tokenizer-golden.json`));
    expect(cases).toHaveLength(232);
    for (const each of cases) expectCase(tokenizer, each);
  });

  it('gives what its tokenizer.json gives, on any text', () => {
    const theirs = Tokenizer.fromJson(
      readJson(`${FOLDER}/tokenizer.json`),
      readJson(`${FOLDER}/tokenizer_config.json`),
      'theirs',
    );
    const ours = Tokenizer.fromJson(gguf().tokenizerJson, gguf().tokenizerConfig, 'ours');
    expect(ours.vocabSize).toBe(theirs.vocabSize);
    expect([ours.bosId, ours.addsBos]).toEqual([theirs.bosId, theirs.addsBos]);
    expect(ours.specialIds).toEqual(theirs.specialIds);
    const random = seeded(4);
    for (let n = 0; n < 1000; n++) {
      const text = randomText(random, 24, true);
      expect(ours.encode(text), JSON.stringify(text)).toEqual(theirs.encode(text));
    }
  });

  it('passes the named tokens and the chat template along', () => {
    expect(gguf().tokenizerConfig).toMatchObject({
      bos_token: '<|im_start|>',
      eos_token: '<|im_end|>',
      unk_token: '<|endoftext|>',
      pad_token: '<|im_end|>',
    });
    expect(gguf().tokenizerConfig['chat_template']).toMatch(/^\{% for message in messages %\}/);
  });
});
