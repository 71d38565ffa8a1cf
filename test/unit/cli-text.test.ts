/** The command line's own pieces that need no model: grammar, colours, the table as text. */
import { describe, expect, it } from 'vitest';
import { commonArguments, COMMON_OPTIONS, parse, parseIds, wholeNumber } from '../../cli/arguments.ts';
import { lensText } from '../../cli/lens-text.ts';
import { makeProgress } from '../../cli/progress.ts';
import { colorDepth, columnsOf, hasLightBackground, type Terminal } from '../../cli/terminal.ts';
import { displayWidth } from '../../shared/picture/display-width.ts';
import { sampleTrace } from './trace-sample.ts';

const ESCAPE = '\u001b';
const ESCAPES = new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'g');

describe('grammar', () => {
  const read = (...args: string[]) => {
    const { values, positionals } = parse(args, COMMON_OPTIONS);
    return commonArguments(values, positionals, { emptyText: false });
  };

  it('reads a call', () => {
    expect(read('fable-4m', 'a b', '--no-bos', '--device', 'webgpu', '--json')).toEqual({
      model: 'fable-4m',
      prompt: { kind: 'text', text: 'a b', bos: false },
      device: 'webgpu',
      compute: 'f32',
      json: true,
    });
    expect(read('m', '--ids', '1, 2,3').prompt).toEqual({ kind: 'ids', ids: [1, 2, 3] });
    expect(read('m', '-', '--bos').prompt).toEqual({ kind: 'stdin', bos: true });
    expect(read('m', '--', '--text').prompt).toEqual({ kind: 'text', text: '--text', bos: 'auto' });
  });

  it.each([
    [[], /expected MODEL/],
    [['m'], /expected TEXT/],
    [['m', ''], /the text is empty/],
    [['m', 'a', 'b'], /expected one TEXT, got 2/],
    [['m', 'a', '--ids', '1'], /expected TEXT or --ids, got both/],
    [['m', '--ids', '1', '--bos'], /--ids is run as it is/],
    [['m', 'a', '--bos', '--no-bos'], /expected --bos or --no-bos/],
    [['m', 'a', '--device', 'tpu'], /--device: expected wasm or webgpu, got "tpu"/],
    [['m', 'a', '--compute', 'f64'], /--compute: expected f32 or f16, got "f64"/],
    [['m', 'a', '--nope'], /--nope/],
  ])('refuses %j', (args, message) => {
    expect(() => read(...args)).toThrow(message);
  });

  it('takes ids and counts as whole numbers only', () => {
    for (const bad of ['', '1,', '1;2', '-1', '1.5', '1e3', '9999999999']) {
      expect(() => parseIds(bad)).toThrow(/--ids: expected whole numbers/);
    }
    expect(wholeNumber('--top-k', '5', 1, 100)).toBe(5);
    for (const bad of ['0', '101', 'x', ''])
      expect(() => wholeNumber('--top-k', bad, 1, 100)).toThrow(/--top-k/);
  });
});

describe('terminal', () => {
  const tty = { isTTY: true, columns: 90, getColorDepth: () => 24 };

  it('colours on a terminal only, unless told otherwise', () => {
    expect(colorDepth({}, tty)).toBe('true');
    expect(colorDepth({}, { ...tty, getColorDepth: () => 8 })).toBe('256');
    expect(colorDepth({}, { ...tty, getColorDepth: () => 4 })).toBe('none');
    expect(colorDepth({}, {})).toBe('none');
    expect(colorDepth({ NO_COLOR: '1' }, tty)).toBe('none');
    expect(colorDepth({ NO_COLOR: '' }, tty)).toBe('true');
    expect(colorDepth({ TERM: 'dumb' }, tty)).toBe('none');
    expect(colorDepth({ FORCE_COLOR: '3', NO_COLOR: '1' }, {})).toBe('true');
    expect(colorDepth({ FORCE_COLOR: '1' }, {})).toBe('256');
    expect(colorDepth({ FORCE_COLOR: '0' }, tty)).toBe('none');
  });

  it('knows its width and its background', () => {
    expect(columnsOf({}, tty)).toBe(90);
    expect(columnsOf({ COLUMNS: '70' }, {})).toBe(70);
    expect(columnsOf({ COLUMNS: 'wide' }, {})).toBe(120);
    expect(columnsOf({}, { isTTY: true, columns: 10 })).toBe(40);
    expect(hasLightBackground({ COLORFGBG: '0;15' })).toBe(true);
    expect(hasLightBackground({ COLORFGBG: '15;0' })).toBe(false);
    expect(hasLightBackground({})).toBe(false);
  });

  it('writes progress over itself on a terminal, and keeps quiet for quick runs elsewhere', () => {
    const notes: string[] = [];
    const io = { note: (text: string) => void notes.push(text), columns: 20 } as unknown as Terminal;
    const quiet = makeProgress({ ...io, stderrIsTerminal: false });
    quiet.say('loading');
    quiet.end();
    expect(notes).toEqual([]);
    const loud = makeProgress({ ...io, stderrIsTerminal: true });
    loud.say('loading something that is long');
    loud.end();
    expect(notes).toEqual(['\r\u001b[Kloading something t', '\r\u001b[K']);
  });
});

describe('table', () => {
  const trace = sampleTrace({ positions: 16, layers: 5 });
  const look = { columns: 80, colors: 'none', lightBackground: false } as const;

  it('fits the width, in blocks that each have all rows', () => {
    for (const columns of [40, 60, 80, 200]) {
      const text = lensText(trace, { ...look, columns });
      const table = text.split('\n\n').filter((part) => part.includes('layer  '));
      for (const block of table) {
        const lines = block.split('\n');
        expect(lines).toHaveLength(7);
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
      }
    }
  });

  it('gives the probability in figures without colours, and no escapes', () => {
    const text = lensText(trace, look);
    expect(text).toContain('figures: its probability in percent');
    expect(text.match(ESCAPES)).toBeNull();
    expect(text).toMatch(/\*\S+ \d+/);
  });

  it.each(['256', 'true'] as const)('shades cells with %s colours and closes each', (colors) => {
    const text = lensText(trace, { ...look, colors });
    const escapes = text.match(ESCAPES) ?? [];
    expect(escapes.filter((e) => e === '\u001b[0m')).toHaveLength(escapes.length / 3);
    expect(text).toContain(colors === 'true' ? '\u001b[48;2;' : '\u001b[48;5;');
    expect(text.replace(ESCAPES, '')).toContain('1 probability of the top token');
  });

  it('prints no control character of a token', () => {
    const text = lensText(trace, look);
    for (const c of ['\u0000', '\u202e', '\t']) expect(text).not.toContain(c);
    expect(text.trim().split('\n').at(-1)).toMatch(/^After “.+” the answer /);
  });
});
