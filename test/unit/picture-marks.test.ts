/** The two small pieces that every picture shares: the colour ramp and the visible marks. */
import { describe, expect, it } from 'vitest';
import { contrast, inkOn, rampColor, rgbOf } from '../../shared/picture/ramp.ts';
import { readableText, visibleText } from '../../shared/picture/visible.ts';

const SHARES = Array.from({ length: 101 }, (_, i) => i / 100);

describe.each(['light', 'dark'] as const)('ramp, %s', (scheme) => {
  it('carries text with a contrast of 4.5 everywhere', () => {
    for (const t of SHARES) {
      const color = rampColor(t, scheme);
      expect(color).toMatch(/^#[0-9a-f]{6}$/);
      expect(contrast(color, inkOn(color))).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('moves one way in lightness, so that it reads in grey and without colour vision', () => {
    const grey = SHARES.map((t) =>
      contrast(rampColor(t, scheme), scheme === 'light' ? '#000000' : '#ffffff'),
    );
    for (let i = 1; i < grey.length; i++) expect(grey[i]).toBeLessThan(grey[i - 1] ?? 0);
  });

  it('clamps what is outside, and draws no reading as 0', () => {
    expect(rampColor(-1, scheme)).toBe(rampColor(0, scheme));
    expect(rampColor(2, scheme)).toBe(rampColor(1, scheme));
    expect(rampColor(Infinity, scheme)).toBe(rampColor(1, scheme));
    expect(rampColor(Number.NaN, scheme)).toBe(rampColor(0, scheme));
  });
});

it('reads a colour back', () => {
  expect(rgbOf('#0180ff')).toEqual([1, 128, 255]);
});

describe('visible marks', () => {
  it.each([
    ['the', 'the'],
    [' the', '·the'],
    [' a b ', '·a·b·'],
    [' ', '␣'],
    ['   ', '␣␣␣'],
    [' '.repeat(12), '␣×12'],
    ['\n', '↵'],
    ['\r\n\n', '␍↵↵'],
    ['\t', '⇥'],
    ['', '∅'],
    ['\u0000', '␀'],
    ['\u0085', '⟨0085⟩'],
    ['\u00a0', '⍽'],
    ['\u3000', '⟨3000⟩'],
    ['a\u200bb', 'a⟨200B⟩b'],
    ['\u202etxt', '⟨202E⟩txt'],
    ['\u00ad', '⟨00AD⟩'],
    ['\ufeff', '⟨FEFF⟩'],
    ['\u200d', '⟨200D⟩'],
    ['\ufe0f', '⟨FE0F⟩'],
    ['👩\u200d👧', '👩\u200d👧'],
    ['❤\ufe0f', '❤\ufe0f'],
    ['\u0301', '◌\u0301'],
    ['\ud800', '\ufffd'],
    ['😀', '😀'],
    ['ترجمة', 'ترجمة'],
  ])('%j shows as %j', (text, shown) => {
    expect(visibleText(text)).toBe(shown);
  });

  it('keeps running text readable', () => {
    expect(readableText('a b\n\tc\u202e\u0000\ud800 👩\u200d👧')).toBe('a b\n\tc⟨202E⟩␀\ufffd 👩\u200d👧');
  });

  it('leaves nothing that would show as an empty cell', () => {
    for (let code = 0; code < 0x3100; code++)
      expect(visibleText(String.fromCodePoint(code)).trim()).not.toBe('');
  });
});
