/** What is taken out as text in the address: read back as it was written, and what is no part of the model passed over. */
import { describe, expect, it } from 'vitest';
import {
  codeOf,
  readChoice,
  toggled,
  traceInterventions,
  unitName,
  writeChoice,
} from '../../site/controllers/ablation-choice.ts';

const SHAPE = { nLayers: 8, nHeads: 6, dMlp: 768 };

describe('the choice of an ablation', () => {
  it.each(['h4.2', 'h4.2,a3,m5,n3.120', 'h0.0~mean', 'm7~0.5', 'm7~-2', '~mean'])(
    '%s comes back as it was',
    (text) => {
      expect(writeChoice(readChoice(text, SHAPE))).toBe(text);
    },
  );

  it('has each part once, and only parts of the model', () => {
    const { units } = readChoice('h4.2,h4.2,h8.0,h4.6,a9,a3.1,n3.768,x1,,h1,m5', SHAPE);
    expect(units.map(codeOf)).toEqual(['h4.2', 'm5']);
    expect(units.map(unitName)).toEqual(['head 4.2', 'MLP 5']);
  });

  it.each([undefined, '', '~', '~zero', '~Infinity', '~1e9', '~<b>'])('%s is nothing, to zero', (text) => {
    expect(readChoice(text, SHAPE)).toEqual({ units: [], how: 'zero' });
    expect(writeChoice(readChoice(text, SHAPE))).toBeUndefined();
  });

  it('takes a part out and brings it back; a trace names each', () => {
    const out = toggled(readChoice('m5~0.5', SHAPE), { kind: 'head', layer: 1, head: 2 });
    expect(writeChoice(out)).toBe('m5,h1.2~0.5');
    expect(writeChoice(toggled(out, { kind: 'mlp', layer: 5 }))).toBe('h1.2~0.5');
    expect(traceInterventions(out)).toEqual([
      { kind: 'ablation', unit: { kind: 'mlp', layer: 5 }, how: 'factor', factor: 0.5 },
      { kind: 'ablation', unit: { kind: 'head', layer: 1, head: 2 }, how: 'factor', factor: 0.5 },
    ]);
  });
});
