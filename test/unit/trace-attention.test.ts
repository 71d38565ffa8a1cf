/** The trace's `attention` member: what is written is read back, to half a step. */
import { describe, expect, it } from 'vitest';
import { decodeTrace } from '../../shared/trace/decode.ts';
import { encodeAttention } from '../../shared/trace/encode-attention.ts';
import { encodeTrace } from '../../shared/trace/encode.ts';
import { sampleRun } from './trace-sample.ts';

describe('attention in a trace', () => {
  it('comes back to half a step', () => {
    const tokens = 4;
    const run = sampleRun({ positions: tokens });
    const pattern = Float32Array.from({ length: 2 * tokens * tokens }, (_, i) => {
      const [dest, src] = [Math.floor(i / tokens) % tokens, i % tokens];
      return src <= dest ? 1 / (dest + 1) : 0;
    });
    const attention = encodeAttention([{ layer: 1, heads: [0, 2], tokens, pattern }]);
    const trace = decodeTrace(JSON.parse(JSON.stringify({ ...encodeTrace(run), attention })));
    const [read] = trace.attention;
    expect([read?.layer, read?.heads]).toEqual([1, [0, 2]]);
    read?.patterns.forEach((x, i) => {
      expect(Math.abs(x * read.scale - (pattern[i] ?? NaN))).toBeLessThanOrEqual(read.scale / 2 + 1e-9);
    });
    expect(() => encodeAttention([{ layer: 1, heads: [0], tokens, pattern }])).toThrow(
      'trace: attention of layer 1: expected [1, 4, 4], got 32 numbers',
    );
  });
});
