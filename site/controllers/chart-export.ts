/** A line chart over the layers, as the Export dialog offers it. */
import { chartSvg, type ChartPicture } from '../../shared/picture/chart-svg.ts';
import { csv } from '../../shared/picture/csv.ts';
import type { Exportable } from './exports.ts';

/** @param rest lines with a value a row of the lens, from the embedding (layer −1) up. */
export function layerChart(
  name: string,
  file: string,
  subtitle: string,
  rest: Pick<ChartPicture, 'lines' | 'scale' | 'most'>,
): Exportable {
  const rows = Math.max(0, ...rest.lines.map(({ values }) => values.length));
  const layers = Array.from({ length: rows }, (_, row) => row - 1);
  return {
    name,
    file,
    svg: (scheme) => chartSvg({ title: name, subtitle, ...rest }, scheme),
    csv: () =>
      csv(
        ['layer', ...rest.lines.map(({ name: token }) => token)],
        layers.map((layer) => [layer, ...rest.lines.map(({ values }) => values[layer + 1])]),
      ),
    json: () => ({
      name,
      subtitle,
      layers,
      lines: rest.lines.map((line) => ({ name: line.name, values: Array.from(line.values, orNull) })),
    }),
  };
}

function orNull(x: number): number | null {
  return Number.isFinite(x) ? x : null;
}
