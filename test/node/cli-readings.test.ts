/** `residscope dla` and `neurons` as real processes, held against the library. Needs `npm run build:lib`. */
import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Attribution, LensModel, NeuronWrites, TokenList } from '../../engine/node.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { pathOf } from '../support/addresses.ts';
import { importLibrary } from '../support/library.ts';

const EIFFEL = 'The Eiffel Tower is in the city of';
/** JSON holds seven digits, of another process's run. */
const CLOSE = 1e-4;

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function call(...args: readonly string[]): Promise<Result> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, NO_COLOR: '1', COLUMNS: '100' }, maxBuffer: 64e6 };
    execFile(process.execPath, [pathOf('dist/lib/cli.js'), ...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

async function jsonOf<T>(...args: readonly string[]): Promise<T> {
  const { code, out, err } = await call(...args, '--json');
  expect([code, err]).toEqual([0, expect.not.stringContaining('residscope:')]);
  return JSON.parse(out) as T;
}

/** Lines of a table's body, in fields that stand two blanks or more apart. */
function fieldsOf(out: string, from: RegExp): string[][] {
  const lines = out.split('\n');
  const first = lines.findIndex((line) => from.test(line)) + 1;
  expect(first).toBeGreaterThan(0);
  const end = lines.indexOf('', first);
  return lines.slice(first, end).map((line) => line.trim().split(/ {2,}/));
}

const number = (text: string | undefined): number => Number((text ?? '').replace('−', '-'));

let model: LensModel;
let ids: readonly number[];
beforeAll(async () => {
  model = await (await importLibrary()).LensModel.load('fable-4m', { device: 'wasm' });
  ({ ids } = model.tokenizer.encode(EIFFEL));
});
afterAll(() => model.dispose());

const idOf = (word: string): number => model.tokenizer.encode(word, { bos: false }).ids[0] ?? -1;
const shown = (id: number | undefined): string => visibleText(model.tokenizer.text(id ?? -1));

describe('dla', () => {
  interface Json extends Pick<Attribution, 'logit' | 'sum' | 'error' | 'pos'> {
    readonly ids: readonly number[];
    readonly target: { readonly id: number; readonly text: string };
    readonly against: { readonly id: number } | 'mean' | null;
    readonly attn: readonly number[];
    readonly mlp: readonly number[];
    readonly components: readonly { name: string; kind: string; part: number; sources?: number[] }[];
  }

  it('prints every part as JSON, and they sum to the logit', async () => {
    const json = await jsonOf<Json>('dla', 'fable-4m', EIFFEL);
    const found = await model.attribution(ids);
    expect([json.ids, json.pos, json.target.id, json.against]).toEqual([[...ids], 8, found.target, null]);
    expect(json.target.text).toBe(' Paris');
    expect(json.components.map(({ name }) => name)).toEqual(found.components.map(({ name }) => name));
    json.components.forEach(({ part, sources }, i) => {
      expect(Math.abs(part - (found.parts[i] ?? NaN))).toBeLessThan(CLOSE);
      if (sources) expect(Math.abs(sources.reduce((a, b) => a + b, 0) - part)).toBeLessThan(CLOSE);
    });
    const sum = json.components.reduce((total, { part }) => total + part, 0);
    expect(Math.abs(sum - json.logit)).toBeLessThan(CLOSE);
    expect(json.error).toBeLessThan(CLOSE);
    found.mlp.forEach((part, i) => expect(json.mlp[i]).toBeCloseTo(part, 3));
  });

  it('a pair, the mean, another position, ids', async () => {
    const pair = await jsonOf<Json>('dla', 'fable-4m', EIFFEL, '--target', 'Paris,London');
    expect([pair.target.id, pair.against]).toEqual([
      idOf(' Paris'),
      { id: idOf(' London'), text: ' London' },
    ]);
    const found = await model.attribution(ids, { target: idOf(' Paris'), against: idOf(' London') });
    expect(pair.logit).toBeCloseTo(found.logit, 3);
    const mean = await jsonOf<Json>(
      'dla',
      'fable-4m',
      '--ids',
      ids.join(),
      '--target',
      '#471,mean',
      '--pos=-3',
    );
    const there = await model.attribution(ids, { target: 471, against: 'mean', pos: -3 });
    expect([mean.pos, mean.against, mean.target.id]).toEqual([6, 'mean', 471]);
    expect(mean.logit).toBeCloseTo(there.logit, 3);
  });

  it('prints a table whose lines sum to the logit', async () => {
    const { out, code } = await call('dla', 'fable-4m', EIFFEL, '--count', '6');
    const found = await model.attribution(ids);
    expect(code).toBe(0);
    expect(out).toMatch(/^fable-4m · position 8 ·of · logit of ·Paris 23\.6/);
    const rows = fieldsOf(out, /^component/);
    const order = Array.from(found.parts.keys()).sort(
      (a, b) => Math.abs(found.parts[b] ?? 0) - Math.abs(found.parts[a] ?? 0),
    );
    expect(rows.map(([name]) => name)).toEqual([
      ...order.slice(0, 6).map((i) => found.components[i]?.name),
      `${found.parts.length - 6} more`,
      'sum',
    ]);
    const [sum = NaN, ...parts] = rows.map(([, part]) => number(part)).reverse();
    expect(Math.abs(parts.reduce((a, b) => a + b, 0) - sum)).toBeLessThan(0.01);
    expect(sum).toBeCloseTo(found.logit, 2);
    const layers = fieldsOf(out, /^layer/);
    expect(layers.map(([layer]) => layer)).toEqual(Array.from(found.attn.keys(), String));
    layers.forEach(([, attn, mlp], layer) => {
      expect(number(attn)).toBeCloseTo(found.attn[layer] ?? NaN, 2);
      expect(number(mlp)).toBeCloseTo(found.mlp[layer] ?? NaN, 2);
    });
  });
});

describe('neurons', () => {
  interface Json {
    readonly pos: number;
    readonly layer: number | null;
    readonly target: { readonly text: string };
    readonly neurons: readonly {
      readonly layer: number;
      readonly neuron: number;
      readonly coefficient: number;
      readonly moves: number;
      readonly promoted: readonly { readonly id: number; readonly value: number }[];
    }[];
    readonly listedLength: number;
    readonly totalLength: number;
  }
  const compare = (json: Json, found: NeuronWrites): void => {
    const names = (list: readonly { layer: number; neuron: number }[]): string[] =>
      list.map(({ layer, neuron }) => `${layer}.${neuron}`);
    expect(names(json.neurons)).toEqual(names(found.writes));
    json.neurons.forEach(({ coefficient, moves, promoted }, i) => {
      const write = found.writes[i];
      expect(coefficient).toBeCloseTo(write?.coefficient ?? NaN, 3);
      expect(moves).toBeCloseTo(write?.moves ?? NaN, 3);
      expect(promoted.map(({ id }) => id)).toEqual([...(write?.promoted.ids ?? [])]);
    });
    expect(json.listedLength / json.totalLength).toBeCloseTo(found.listedLength / found.totalLength, 4);
  };

  it('prints the largest writes as JSON: of all layers, of one, at a position, for a target', async () => {
    const all = await jsonOf<Json>('neurons', 'fable-4m', EIFFEL);
    expect([all.pos, all.layer, all.target.text, all.neurons.length]).toEqual([8, null, ' Paris', 20]);
    compare(all, await model.neurons(ids));
    const options = ['--layer', '6', '--count', '4', '--top-k', '3', '--pos', '2', '--target', 'Tower'];
    const one = await jsonOf<Json>('neurons', 'fable-4m', EIFFEL, ...options);
    expect(one.layer).toBe(6);
    compare(one, await model.neurons(ids, { layer: 6, count: 4, k: 3, pos: 2, target: idOf(' Tower') }));
  });

  it('prints a table with tokens promoted and suppressed', async () => {
    const { out, code } = await call('neurons', 'fable-4m', EIFFEL, '--layer', '6', '--count', '5');
    const { writes, listedLength, totalLength } = await model.neurons(ids, { layer: 6, count: 5 });
    expect(code).toBe(0);
    const share = ((100 * listedLength) / totalLength).toFixed(0);
    expect(out).toContain(`layer 6 · the largest 5 writes, ${share}% of the length of all`);
    const words = ({ ids: list }: TokenList): string => Array.from(list.subarray(0, 4), shown).join(' ');
    fieldsOf(out, /^neuron/).forEach(([name, coefficient, , moves, promoted, suppressed], i) => {
      const write = writes[i];
      if (!write) throw new Error('more lines than were asked for');
      expect(name).toBe(`6.${write.neuron}`);
      expect(number(coefficient)).toBeCloseTo(write.coefficient, 1);
      expect(number(moves)).toBeCloseTo(write.moves, 2);
      expect([promoted, suppressed]).toEqual([words(write.promoted), words(write.suppressed)]);
    });
  });
});

it('heads takes the begin-of-text token off when told', async () => {
  const options = ['--draws', '1', '--no-composition'];
  const bosOf = async (...more: string[]): Promise<number | null> =>
    (await jsonOf<{ bos: number | null }>('heads', 'fable-4m', ...options, ...more)).bos;
  expect(await bosOf()).toBe(model.tokenizer.bosId);
  expect(await bosOf('--no-bos')).toBe(null);
});

describe('what is wrong', () => {
  it.each([
    [2, ['dla', 'fable-4m', EIFFEL, '--target', 'Eiffel Tower'], /"Eiffel Tower" is 2 tokens here/],
    [2, ['dla', 'fable-4m', EIFFEL, '--target', '#999999'], /#999999: expected an id from 0 to /],
    [2, ['dla', 'fable-4m', EIFFEL, '--target', 'a,b,c'], /expected TOKEN or TOKEN,TOKEN/],
    [2, ['dla', 'fable-4m', EIFFEL, '--pos', 'x'], /--pos: expected a whole number/],
    [2, ['dla', 'fable-4m', EIFFEL, '--count', '0'], /--count: expected a whole number/],
    [2, ['dla', 'fable-4m'], /residscope dla --help says more/],
    [2, ['neurons', 'fable-4m', EIFFEL, '--count', '1001'], /--count: expected a whole number/],
    [1, ['dla', 'fable-4m', EIFFEL, '--pos', '77'], /position 77 is outside the prompt: expected 0 to 8/],
    [
      1,
      ['neurons', 'fable-4m', EIFFEL, '--layer', '99'],
      /layer: expected a whole number from 0 to 7, got 99/,
    ],
  ] as const)('ends with %i, a line and nothing printed: %j', async (status, args, message) => {
    const { code, out, err } = await call(...args);
    expect([code, out]).toEqual([status, '']);
    expect(err.split('\n').filter((line) => line.startsWith('residscope: '))).toHaveLength(1);
    expect(err).toMatch(message);
  });

  it.each(['dla', 'neurons'])('%s --help', async (name) => {
    const { out, code } = await call(name, '--help');
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^usage: residscope ${name} MODEL`));
  });
});
