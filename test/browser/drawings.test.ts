/**
 * Every drawing of shared/picture with hostile texts in it, read by a browser's own XML parser: well-formed, made of
 * shapes and texts alone, with nothing that runs or is fetched.
 */
import { expect, it } from 'vitest';
import { attentionSvg } from '../../shared/picture/attention-svg.ts';
import { barsSvg } from '../../shared/picture/bars-svg.ts';
import { chartSvg } from '../../shared/picture/chart-svg.ts';
import { graphSvg } from '../../shared/picture/graph-svg.ts';
import { matrixSvg } from '../../shared/picture/matrix-svg.ts';
import { pathSvg } from '../../shared/picture/path-svg.ts';
import { rulerSvg } from '../../shared/picture/ruler-svg.ts';
import { textSvg } from '../../shared/picture/text-svg.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { describePage } from '../support/stage.ts';

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><image href="https://example.org/x" onload="alert(1)"/>',
  "']]>&amp;&#0;<!--",
  '=1+1',
  'a\u2028b\u2029c\r\n\t',
  '\ud83d', // half of a pair
  '\u0000\u0007\u001b\ufffe',
  '\u202e right to left',
  '</style><style>*{background:url(https://example.org)}',
];

const SHAPES = ['svg', 'style', 'rect', 'text', 'tspan', 'line', 'path', 'polyline', 'circle', 'title', 'g', 'defs', 'pattern']; // prettier-ignore

function drawings(raw: string): Readonly<Record<string, string>> {
  const text = visibleText(raw);
  const words = { title: text, subtitle: text };
  return {
    bars: barsSvg({ ...words, rows: [{ name: text, value: 1 }], text: () => text }),
    chart: chartSvg({ ...words, lines: [{ name: text, values: [1, 2], colour: 0 }], scale: 'nats' }),
    matrix: matrixSvg({
      ...{ ...words, rows: [text], columns: [text], values: [0.5], most: 1, diverging: false },
      ...{ ends: [text, text] as const, text: () => text },
    }),
    path: pathSvg({
      ...{ ...words, axes: [text, text], layers: 1 },
      points: [{ x: 1, y: 1, layer: 0, mid: false, own: true, name: text }],
    }),
    ruler: rulerSvg({
      ...{ title: text, pieces: [raw], entropy: Float32Array.of(1), convergence: Int32Array.of(0) },
      ...{ layers: 1, most: 2 },
    }),
    text: textSvg({ ...words, pos: 0, pieces: [raw], texts: [{ name: text, shares: [0.5] }] }),
    graph: graphSvg({ ...words, layers: 2, heads: 1, edges: [] }),
    attention: attentionSvg({
      ...{ ...words, pieces: [raw], most: text },
      maps: [{ name: text, cells: Float32Array.of(1), tokens: 1, window: undefined }],
    }),
  };
}

describePage('drawings', { webgpu: false }, (stage) => {
  it.each(HOSTILE.map((text) => [JSON.stringify(text), text] as const))(
    'hold %s as a text',
    async (_, text) => {
      const page = await stage.browser.newPage();
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      const read = await page.evaluate(async (all) => {
        const seen: Record<
          string,
          { problem: string | null; names: string[]; odd: string[]; drawn: boolean }
        > = {};
        for (const [name, svg] of Object.entries(all)) {
          const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml');
          const elements = [...parsed.querySelectorAll('*')];
          const picture = new Image();
          picture.src = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
          const drawn = await picture.decode().then(
            () => picture.naturalWidth > 100,
            () => false,
          );
          seen[name] = {
            problem: parsed.querySelector('parsererror')?.textContent ?? null,
            names: [...new Set(elements.map(({ localName }) => localName))],
            odd: elements.flatMap(({ attributes }) =>
              [...attributes].map((a) => a.name).filter((a) => a.startsWith('on') || a.endsWith('href')),
            ),
            drawn,
          };
        }
        return seen;
      }, drawings(text));
      for (const [name, { problem, names, odd, drawn }] of Object.entries(read)) {
        expect(problem, name).toBeNull();
        expect(names.filter((each) => !SHAPES.includes(each)), name).toEqual([]); // prettier-ignore
        expect(odd, name).toEqual([]);
        expect(drawn, name).toBe(true);
      }
      expect(Object.keys(read)).toHaveLength(8);
      expect(asked.filter((url) => url.includes('example.org'))).toEqual([]);
      await page.close();
    },
  );
});
