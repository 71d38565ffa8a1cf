/** The model picker's pure parts: the catalogue's numbers, what fits, what names a model, how fast it arrives. */
import { describe, expect, it } from 'vitest';
import {
  CATALOGUE,
  downloadOf,
  parametersInWords,
  searchCatalogue,
} from '../../site/controllers/catalogue.ts';
import { fitOf } from '../../site/controllers/fit.ts';
import { namedSource } from '../../site/controllers/model-name.ts';
import { ago } from '../../site/controllers/numbers.ts';
import { Pace, timeLeft } from '../../site/controllers/pace.ts';
import { lostFiles, problemOf } from '../../site/words/problems.ts';
import { AccessError, NetworkError, UnsupportedError } from '../../shared/errors.ts';

/** Parameters by shape, as the families' definitions have them: norms, biases and positions counted. */
const COUNT = {
  gpt2: (layers: number, d: number, vocab: number, positions: number) =>
    vocab * d + positions * d + layers * (12 * d * d + 13 * d) + 2 * d,
  /** No biases on q, k and v. */
  gptNeo: (layers: number, d: number, vocab: number, positions: number) =>
    vocab * d + positions * d + layers * (12 * d * d + 10 * d) + 2 * d,
  /** Untied; no table of positions. */
  gptNeox: (layers: number, d: number, vocab: number) =>
    2 * vocab * d + layers * (12 * d * d + 13 * d) + 2 * d,
  /** Tied, no biases; `perLayer` is what norms add beyond two of the width. */
  llama: (layers: number, d: number, vocab: number, q: number, kv: number, mlp: number, perLayer = 0) =>
    vocab * d + layers * (2 * d * q + 2 * d * kv + 3 * d * mlp + 2 * d + perLayer) + d,
};

describe('the catalogue', () => {
  it.each([
    ['fable-4m', COUNT.gpt2(8, 192, 4096, 256)],
    ['openai-community/gpt2', COUNT.gpt2(12, 768, 50_257, 1024)],
    ['distilbert/distilgpt2', COUNT.gpt2(6, 768, 50_257, 1024)],
    ['openai-community/gpt2-medium', COUNT.gpt2(24, 1024, 50_257, 1024)],
    ['openai-community/gpt2-large', COUNT.gpt2(36, 1280, 50_257, 1024)],
    ['openai-community/gpt2-xl', COUNT.gpt2(48, 1600, 50_257, 1024)],
    ['roneneldan/TinyStories-33M', COUNT.gptNeo(4, 768, 50_257, 2048)],
    ['EleutherAI/pythia-70m', COUNT.gptNeox(6, 512, 50_304)],
    ['EleutherAI/pythia-160m', COUNT.gptNeox(12, 768, 50_304)],
    ['EleutherAI/pythia-410m', COUNT.gptNeox(24, 1024, 50_304)],
    ['EleutherAI/pythia-1b', COUNT.gptNeox(16, 2048, 50_304)],
    ['HuggingFaceTB/SmolLM2-135M', COUNT.llama(30, 576, 49_152, 576, 192, 1536)],
    ['HuggingFaceTB/SmolLM2-135M-Instruct', COUNT.llama(30, 576, 49_152, 576, 192, 1536)],
    ['HuggingFaceTB/SmolLM2-360M', COUNT.llama(32, 960, 49_152, 960, 320, 2560)],
    ['Qwen/Qwen3-0.6B', COUNT.llama(28, 1024, 151_936, 2048, 1024, 3072, 2 * 128)],
    ['meta-llama/Llama-3.2-1B', COUNT.llama(16, 2048, 128_256, 2048, 512, 8192)],
    ['google/gemma-3-270m', COUNT.llama(18, 640, 262_144, 1024, 256, 2048, 2 * 640 + 2 * 256)],
  ])('%s has the parameters of its shape', (id, parameters) => {
    const model = CATALOGUE.find((m) => m.id === id);
    expect(model?.parameters).toBe(parameters);
  });

  it('is all checked, and each id names a model', () => {
    expect(CATALOGUE).toHaveLength(17);
    expect(new Set(CATALOGUE.map(({ id }) => id)).size).toBe(17);
    for (const { id } of CATALOGUE.slice(1)) expect(namedSource(id)).toBe(id);
  });

  it('is found by words', () => {
    expect(searchCatalogue('GPT2 medium').map(({ id }) => id)).toEqual(['openai-community/gpt2-medium']);
    expect(searchCatalogue('gated').map(({ id }) => id)).toEqual([
      'meta-llama/Llama-3.2-1B',
      'google/gemma-3-270m',
    ]);
    expect(searchCatalogue('')).toHaveLength(CATALOGUE.length);
    expect(searchCatalogue('no such thing')).toEqual([]);
  });

  it('says sizes', () => {
    const [fable, gpt2] = CATALOGUE;
    expect(fable && downloadOf(fable)).toEqual({ bytes: 8_798_272, exact: true });
    expect(gpt2 && downloadOf(gpt2)).toEqual({ bytes: 497_759_232, exact: false });
    expect([4_394_880, 124_439_808, 1_557_611_200].map(parametersInWords)).toEqual(['4.4M', '124M', '1.56B']);
  });
});

it.each([
  ['distilbert/distilgpt2', {}, 'fits'],
  ['openai-community/gpt2-large', {}, 'too-big'], // past what wasm can address
  ['openai-community/gpt2-large', { gpuBuffer: 2 ** 31 }, 'tight'],
  ['google/gemma-3-270m', { gpuBuffer: 2 ** 28 }, 'too-big-gpu'], // its vocabulary in one buffer
  ['openai-community/gpt2', { memory: 2 ** 29 }, 'too-big'],
  ['openai-community/gpt2', { memory: 2 ** 30 }, 'tight'],
] as const)('%s on %o: %s', (id, facts, fit) => {
  const model = CATALOGUE.find((m) => m.id === id);
  expect(model && fitOf(model, { memory: undefined, gpuBuffer: undefined, ...facts })).toBe(fit);
});

it.each([
  [' owner/name ', '', 'owner/name'],
  ['owner/name', ' v1.0 ', 'owner/name@v1.0'],
  ['owner/name@main', 'v1.0', 'owner/name@main'],
  ['owner/name/file.Q4_1.gguf', '', 'owner/name/file.Q4_1.gguf'],
  ['https://huggingface.co/owner/name', '', 'owner/name'],
  ['https://huggingface.co/owner/name/tree/main', '', 'owner/name@main'],
  ['https://example.org/models/x/', '', 'https://example.org/models/x/'],
  ['https://me:secret@example.org/x/', '', undefined],
  ['gpt2', '', undefined],
  ['../x', '', undefined],
  ['javascript:alert(1)', '', undefined],
])('%s with revision “%s” names %s', (text, revision, source) => {
  expect(namedSource(text, revision)).toBe(source);
});

describe('the pace of a download', () => {
  const at = (loadedBytes: number) => ({ loadedBytes, totalBytes: 100e6 });

  it('is smoothed, and says nothing before there is enough to go by', () => {
    const pace = new Pace();
    expect(pace.take(at(0), 0).rate).toBeUndefined();
    expect(pace.take(at(1e6), 300).rate).toBeUndefined();
    expect(pace.take(at(2e6), 1000).rate).toBeCloseTo(2e6);
    // Ten times as fast for half a second: the rate follows slowly.
    const { rate = 0 } = pace.take(at(12e6), 1500);
    expect(rate).toBeGreaterThan(2.5e6);
    expect(rate).toBeLessThan(6e6);
    // A connection that stands still.
    expect(pace.take(at(12e6), 20_000).rate).toBeLessThan(0.01e6);
    // Another download.
    expect(pace.take(at(0), 21_000).rate).toBeUndefined();
  });

  it('says the time that is left', () => {
    const left = (bytes: number, rate: number | undefined): string =>
      timeLeft({ loadedBytes: 0, totalBytes: bytes, rate });
    expect(left(1e9, undefined)).toBe('');
    expect(left(1e6, 1e6)).toBe('a moment left');
    expect(left(7e6, 1e6)).toBe('about 7 s left');
    expect(left(41e6, 1e6)).toBe('about 45 s left');
    expect(left(240e6, 1e6)).toBe('about 4 min left');
    expect(left(1e10, 1e6)).toBe('about 3 h left');
  });
});

it('says how long ago', () => {
  expect([5e3, 20 * 60e3, 5 * 3600e3, 70 * 3600e3].map(ago)).toEqual([
    'just now',
    '20 minutes ago',
    '5 hours ago',
    '2 days ago',
  ]);
});

describe('problems with models', () => {
  const asked = { model: 'owner/name', device: 'auto' } as const;

  it('offer another model', () => {
    expect(problemOf(new UnsupportedError('owner/name: model_type "bert"'), asked).ways).toEqual([
      'model',
      'pick',
    ]);
    expect(problemOf(new NetworkError('no answer'), asked).ways).toContain('retry');
    expect(problemOf(new AccessError('who are you?'), asked)).toMatchObject({
      kind: 'access',
      ways: ['token', 'retry', 'model', 'pick'],
    });
    expect(lostFiles('x.gguf').ways).toEqual(['pick', 'model']);
  });
});
