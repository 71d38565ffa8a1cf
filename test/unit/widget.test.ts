/** The widget's pure parts: what attributes say, where a trace lies, what a trace knows of a token. */
import { describe, expect, it } from 'vitest';
import { decodeTrace } from '../../shared/trace/decode.ts';
import { encodeTrace } from '../../shared/trace/encode.ts';
import { hostOf, scriptHost } from '../../widget/host.ts';
import { candidates, chosenRows, tableHeight, themeOf } from '../../widget/options.ts';
import { traceAddress } from '../../widget/source.ts';
import { candidatesOf, trajectory } from '../../widget/trajectory.ts';
import { sampleRun } from './trace-sample.ts';

describe('attributes', () => {
  const rows = [{ layer: -1 }, { layer: 0, mid: true }, { layer: 0 }, { layer: 1 }, { layer: 2 }];

  it('layers: single ones, spans, the embedding; with them the rows after attention', () => {
    expect(chosenRows(null, rows)).toEqual([0, 1, 2, 3, 4]);
    expect(chosenRows(' emb, 1-2', rows)).toEqual([0, 3, 4]);
    expect(chosenRows('-1,0', rows)).toEqual([0, 1, 2]);
    expect(chosenRows('1–9', rows)).toEqual([3, 4]);
    expect(() => chosenRows('all', rows)).toThrow('layers: expected layers such as "0-3,7,emb", got "all"');
    expect(() => chosenRows('7', rows)).toThrow(
      'layers: expected some of the trace’s layers, -1 to 2, got "7"',
    );
  });

  it('top-k, height and theme: checked, with defaults', () => {
    expect([candidates(null), candidates('3')]).toEqual([5, 3]);
    expect(() => candidates('0')).toThrow('top-k: expected a whole number from 1 to 1000, got "0"');
    expect([tableHeight(null), tableHeight('360'), tableHeight('60vh')]).toEqual([
      undefined,
      '360px',
      '60vh',
    ]);
    expect(() => tableHeight('calc(1px)')).toThrow('height: expected a length such as 360 or 60vh');
    expect([themeOf(null), themeOf('dark')]).toEqual(['auto', 'dark']);
    expect(() => themeOf('pink')).toThrow('theme: expected light, dark or auto, got "pink"');
  });
});

describe('addresses', () => {
  const host = new URL('https://lens.example/sub/');
  const page = 'https://blog.example/post/';

  it('an id belongs to the host, anything else to the page', () => {
    const id = 'ab'.repeat(32);
    expect(traceAddress(id, host, page).href).toBe(`https://lens.example/sub/v1/traces/${id}`);
    expect(traceAddress('a.trace.json', host, page).href).toBe('https://blog.example/post/a.trace.json');
    expect(() => traceAddress(id, undefined, page)).toThrow(
      'trace: expected an address, got an id: say with host=',
    );
  });

  it.each(['javascript:alert(1)', 'file:///etc/passwd', 'ftp://x/y', 'https://'])('refuses %s', (text) => {
    expect(() => traceAddress(text, host, page)).toThrow(
      'trace: expected an id of 64 hex digits or an https:// address',
    );
  });

  it('a host is a folder of a web server; a bundle has none of its own', () => {
    expect(hostOf('https://lens.example/sub', page)?.href).toBe('https://lens.example/sub/');
    expect(hostOf('/lens/', page)?.href).toBe('https://blog.example/lens/');
    expect(hostOf('javascript:alert(1)//', page)).toBeUndefined();
    expect(scriptHost()).toBeUndefined();
  });
});

describe('what a trace knows of a token', () => {
  const trace = decodeTrace(encodeTrace(sampleRun({ layers: 3, positions: 4, k: 3 })));

  it('is exact where a target or a candidate says it, and nothing elsewhere', () => {
    const { lens, ids } = trace;
    const final = lens.targets.find(({ name }) => name === 'final');
    const pos = 2;
    const whole = trajectory(trace, pos, final?.ids[pos] ?? -1);
    expect([...whole]).toEqual(
      lens.rows.map((_, r) => Math.exp(final?.logprobs[r * ids.length + pos] ?? NaN)),
    );
    const targets = new Set(lens.targets.map((target) => target.ids[pos]));
    const listed = new Set(lens.rows.flatMap((_, r) => candidatesOf(trace, r, pos, 3).map((c) => c.id)));
    const other = [...listed].find((id) => !targets.has(id)) ?? -1;
    const partial = trajectory(trace, pos, other);
    lens.rows.forEach((_, r) => {
      const found = candidatesOf(trace, r, pos, 3).find((c) => c.id === other);
      expect(partial[r]).toBe(found ? found.p : NaN);
    });
    expect([...partial].some((p) => !Number.isNaN(p))).toBe(true);
    expect([...trajectory(trace, pos, 99_999)].every(Number.isNaN)).toBe(true);
  });
});
