/** The page's pure parts: address, keys, numbers, problems, what an event makes of a run, the sentence. */
import { describe, expect, it } from 'vitest';
import { readFragment, writeFragment } from '../../site/controllers/fragment.ts';
import { bytes, duration, nats, probability } from '../../site/controllers/numbers.ts';
import {
  lengthProblem,
  loneSurrogates,
  problemOf,
  promptProblem,
  startWithin,
} from '../../site/words/problems.ts';
import { afterEvent, emptyRun } from '../../site/controllers/run-view.ts';
import { sentences } from '../../site/words/lens.ts';
import type { RunView } from '../../site/controllers/view-state.ts';
import { layerTicks } from '../../site/charts/ticks.ts';
import { moveBy } from '../../site/elements/grid-keys.ts';
import type { ModelInfo } from '../../site/engine/protocol.ts';
import { DeviceError, NotFoundError } from '../../shared/errors.ts';
import type { LayerReadings, TargetReadings } from '../../shared/lens/readings.ts';

describe('the address', () => {
  it('comes back as it was written', () => {
    const hash =
      'model=owner/name&prompt=a%20%2B%20b%26c%23%0A%E2%86%B5&device=wasm&bos=0&layer=-1&pos=3&head=7&pins=5,9&color=kl&order=first-on-top&lens=fitted';
    const read = readFragment(`#${hash}`);
    expect(read).toMatchObject({
      model: 'owner/name',
      prompt: 'a + b&c#\n↵',
      device: 'wasm',
      bos: false,
      layer: -1,
      pos: 3,
      head: 7,
      pins: [5, 9],
      colour: 'kl',
      order: 'first-on-top',
      lens: 'fitted',
    });
    expect(writeFragment(read)).toBe(hash);
  });

  it('names a trace in place of a model and a prompt', () => {
    const id = 'ab'.repeat(32);
    for (const name of [id, 'https://example.org/a.trace.json?x=1', 'file:mine.json']) {
      const read = readFragment(`#trace=${encodeURIComponent(name)}&layer=2&pos=1`);
      expect(read).toMatchObject({ trace: name, layer: 2, pos: 1 });
      expect(readFragment(`#${writeFragment(read)}`)).toEqual(read);
      expect(writeFragment(read)).not.toContain('model=');
    }
    for (const wrong of ['javascript:alert(1)', '../secret', id.slice(1)]) {
      expect(readFragment(`#trace=${encodeURIComponent(wrong)}`).trace).toBeUndefined();
    }
  });

  it('passes over what it cannot use', () => {
    const read = readFragment(
      '#layer=x&pos=-2&head=1.5&view=nonsense&pins=1,,a,1,-4,2.5,7&device=abacus&color=red&bos=maybe&ids=&lens=raw&later=1',
    );
    expect(read).toMatchObject({
      model: 'fable-4m',
      layer: undefined,
      pos: undefined,
      head: undefined,
      view: 'lens',
      pins: [1, 7],
      device: 'auto',
    });
    expect(read).toMatchObject({ colour: 'probability', bos: 'auto', ids: undefined, prompt: undefined });
    expect(read.lens).toBeUndefined();
  });

  it('holds halves of characters as U+FFFD', () => {
    const read = readFragment('#');
    expect(writeFragment({ ...read, prompt: 'a\ud83d' })).toBe('model=fable-4m&prompt=a%EF%BF%BD');
  });
});

it.each([
  ['ArrowUp', false, { line: 4, pos: 1 }],
  ['ArrowDown', false, { line: 2, pos: 1 }],
  ['ArrowLeft', false, { line: 3, pos: 0 }],
  ['ArrowRight', false, { line: 3, pos: 2 }],
  ['PageUp', false, { line: 8, pos: 1 }],
  ['PageDown', false, { line: 0, pos: 1 }],
  ['Home', false, { line: 3, pos: 0 }],
  ['End', false, { line: 3, pos: 8 }],
  ['Home', true, { line: 8, pos: 0 }],
  ['End', true, { line: 0, pos: 8 }],
  ['a', false, undefined],
] as const)('%s (whole: %s) moves the selection', (key, ctrlKey, to) => {
  const extent = { lines: 9, positions: 9, up: 1 } as const;
  expect(moveBy({ key, ctrlKey, metaKey: false }, { line: 3, pos: 1 }, extent)).toEqual(to);
});

it('keys are visual directions', () => {
  const key = { key: 'ArrowUp', ctrlKey: false, metaKey: false };
  expect(moveBy(key, { line: 3, pos: 1 }, { lines: 9, positions: 9, up: -1 })).toEqual({
    line: 2,
    pos: 1,
  });
});

it('numbers read well at every size', () => {
  expect([1, 0.99991, 0.474, 0.0123, 0.00021, 3.2e-9, 0, NaN].map(probability)).toEqual([
    '1.000',
    '0.9999',
    '0.474',
    '0.012',
    '0.00021',
    '3e-9',
    '0',
    '–',
  ]);
  expect([0, 1.318, 123.4].map(nats)).toEqual(['0.00', '1.32', '123']);
  expect([891_000, 8_798_272, 2.1e9].map(bytes)).toEqual(['891 kB', '8.8 MB', '2.1 GB']);
  expect([86, 212, 12_345].map(duration)).toEqual(['86 ms', '0.21 s', '12.3 s']);
});

it('an axis names as many layers as fit', () => {
  expect(layerTicks(7, 400)).toEqual([-1, 0, 1, 2, 3, 4, 5, 6, 7]);
  expect(layerTicks(29, 300)).toEqual([-1, 3, 7, 11, 15, 19, 23, 27]);
});

describe('problems', () => {
  it('every error has a way out that fits', () => {
    const auto = { model: 'owner/name', device: 'auto' } as const;
    expect(problemOf(new DeviceError('lost'), auto).ways).toEqual(['retry', 'wasm']);
    expect(problemOf(new DeviceError('lost'), { ...auto, device: 'wasm' }).ways).toEqual(['retry']);
    expect(problemOf(new NotFoundError('gone'), auto).ways).toEqual(['model', 'retry', 'pick']);
    expect(problemOf(new TypeError('x is undefined'), auto)).toMatchObject({
      kind: 'internal',
      message: 'x is undefined',
    });
  });

  it('refuses what cannot be run, and finds the longest start that can', () => {
    expect(promptProblem('')?.ways).toEqual(['example']);
    expect(promptProblem(' ')).toBeUndefined();
    expect(promptProblem('🌊'.repeat(4096))).toBeUndefined();
    expect(promptProblem('🌊'.repeat(4097))?.message).toContain('16,388 bytes');
    expect(startWithin('a🌊🌊', 8)).toBe('a🌊');
    expect(lengthProblem(256, 256, 'm')).toBeUndefined();
    expect(lengthProblem(257, 256, 'm')?.message).toContain('257 tokens, and m reads 256 at most');
    expect(loneSurrogates('a\ud83d🌊\udf0a')).toBe(2);
  });
});

const MODEL = { spec: { nLayers: 2, dVocab: 4 }, bosId: 0 } as unknown as ModelInfo;

function target(ids: number[], ranks: number[], p = 0.5): TargetReadings {
  return {
    ids: Int32Array.from(ids),
    logprobs: Float32Array.from(ids, () => Math.log(p)),
    ranks: Int32Array.from(ranks),
  };
}

function readings(layer: number, inputRanks: number[], entropy: number[]): LayerReadings {
  return {
    layer,
    k: 1,
    topIds: Int32Array.from(inputRanks, () => 1),
    topLogprobs: Float32Array.from(inputRanks, () => -0.1),
    entropy: Float32Array.from(entropy),
    input: target([0, 1, 2, 3], inputRanks),
    next: target([1, 2, 3, -1], [0, 0, 0, -1]),
  };
}

describe('a run', () => {
  const texts = new Map<number, string>();
  const start = emptyRun({ ids: [0, 1, 2, 3], pieces: ['<bos>', 'a', ' b', ' c'], model: MODEL });
  const events = [
    {
      type: 'texts',
      texts: [
        [1, ' x'],
        [2, ' y'],
        [3, ' z'],
      ],
    },
    { type: 'readings', readings: readings(-1, [0, 0, 0, 0], [0, 0, 0, 0]) },
    { type: 'readings', readings: readings(0, [5, 0, 5, 5], [1, 1, 1, 1]) },
    { type: 'readings', readings: readings(1, [9, 9, 9, 9], [1, 0.2, 3.5, 0.1]) },
  ] as const;
  const filled = events.reduce<RunView>((run, event) => afterEvent(run, event, texts), start);

  it('grows by an event, and what came before stays as it was', () => {
    expect(start.rows).toEqual([]);
    expect(filled.rows.map((row) => row.layer)).toEqual([-1, 0, 1]);
    expect(filled.texts.get(3)).toBe(' z');
  });

  it('is put in words from its numbers', () => {
    expect(sentences(filled)).toEqual([]);
    const done = afterEvent(
      filled,
      {
        type: 'late',
        late: {
          finalIds: Int32Array.from([1, 1, 2, 3]),
          final: [
            target([1, 1, 2, 3], [9, 9, 9, 9]),
            target([1, 1, 2, 3], [1, 0, 1, 0]),
            target([1, 1, 2, 3], [0, 0, 0, 0], 0.25),
          ],
          kl: [],
          convergence: Int32Array.from([1, 0, 1, 1]),
        },
      },
      texts,
    );
    const words = sentences(done).map((parts) =>
      parts.map((part) => (typeof part === 'string' ? part : `[${part.token}]`)).join(''),
    );
    expect(words[0]).toBe(
      'After [ c] the model says [ z] (probability 0.250), settled only in the last layer.',
    );
    expect(words[1]).toContain('after [a], [ x] settled from layer 0 on (probability 0.250)');
    expect(words[1]).toContain(
      'Hardest: after [ b], where even the output stays open (entropy 3.50 nats, best guess [ y]',
    );
    expect(words[2]).toBe(
      'The embedding row reads back its own input token at 4 of 4 positions; after the first block, at 1.',
    );
  });
});
