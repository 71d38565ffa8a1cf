/** Pinned tokens through the layers: a small line chart, as wide as it is given, and its key. */
import type { TraceData } from '../shared/trace/data.ts';
import { probabilityText } from '../shared/picture/lens-table.ts';
import { makeSvg } from './dom.ts';
import { trajectory, type Pin } from './trajectory.ts';

/** CSS pixels. */
const BOX = { left: 34, right: 10, top: 8, height: 132, foot: 20 } as const;
/** CSS pixels between the numbers of two layers. */
const APART = 26;

/** @param width CSS pixels. @param name of a pin, for the lines' titles. */
export function chart(
  trace: TraceData,
  pins: readonly Pin[],
  width: number,
  name: (pin: Pin) => string,
): SVGSVGElement {
  const { rows } = trace.lens;
  const inner = Math.max(width - BOX.left - BOX.right, 60);
  const x = (row: number): number => BOX.left + (rows.length < 2 ? 0.5 : row / (rows.length - 1)) * inner;
  const y = (p: number): number => BOX.top + (1 - p) * BOX.height;
  const tall = BOX.top + BOX.height + BOX.foot;
  const svg = makeSvg('svg', {
    part: 'chart',
    role: 'img',
    width: String(width),
    height: String(tall),
    viewBox: `0 0 ${width} ${tall}`,
    'aria-label': `Probability by layer: ${pins.map(name).join('; ')}`,
  });
  for (const p of [0, 0.5, 1]) {
    svg.append(
      makeSvg('line', {
        x1: String(BOX.left),
        x2: String(width - BOX.right),
        y1: String(y(p)),
        y2: String(y(p)),
      }),
      makeSvg('text', { x: String(BOX.left - 6), y: String(y(p) + 4), class: 'end' }, String(p)),
    );
  }
  const every = Math.max(1, Math.ceil((rows.length * APART) / inner));
  rows.forEach(({ layer, mid }, row) => {
    if (mid || (row % every !== 0 && row !== rows.length - 1)) return;
    if (row !== rows.length - 1 && rows.length - 1 - row < every && row % every === 0 && row > 0) return;
    const label = layer === -1 ? 'emb' : String(layer);
    svg.append(makeSvg('text', { x: String(x(row)), y: String(tall - 5), class: 'mid' }, label));
  });
  for (const pin of pins) svg.append(line(trace, pin, x, y, name(pin)));
  return svg;
}

function line(
  trace: TraceData,
  pin: Pin,
  x: (row: number) => number,
  y: (p: number) => number,
  name: string,
): SVGGElement {
  const values = trajectory(trace, pin.pos, pin.id);
  const group = makeSvg('g', { class: `s${pin.colour}${pin.colour % 2 ? ' dashed' : ''}` });
  let path = '';
  values.forEach((p, row) => {
    if (Number.isNaN(p)) return;
    const joined = row > 0 && !Number.isNaN(values[row - 1] ?? Number.NaN);
    path += `${joined ? 'L' : 'M'}${x(row).toFixed(1)} ${y(p).toFixed(1)}`;
  });
  group.append(makeSvg('path', { d: path }));
  values.forEach((p, row) => {
    if (Number.isNaN(p)) return;
    const { layer = 0 } = trace.lens.rows[row] ?? {};
    const title = `${name}, ${layer === -1 ? 'embedding' : `layer ${layer}`}: ${probabilityText(p)}`;
    group.append(
      makeSvg(
        'circle',
        { cx: x(row).toFixed(1), cy: y(p).toFixed(1), r: '2.5' },
        makeSvg('title', {}, title),
      ),
    );
  });
  return group;
}
