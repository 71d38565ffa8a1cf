/** What the directions view lets the reader take along: shares, the path, what components read as, angles, lengths. */
import type { Directions } from '../../engine/directions-api.ts';
import type { ExperimentRecord } from '../../shared/lens/experiment-files.ts';
import { experimentCsv, experimentJson } from '../../shared/lens/experiment-files.ts';
import { barsSvg } from '../../shared/picture/bars-svg.ts';
import { chartSvg } from '../../shared/picture/chart-svg.ts';
import { csv } from '../../shared/picture/csv.ts';
import { matrixSvg } from '../../shared/picture/matrix-svg.ts';
import { pathSvg } from '../../shared/picture/path-svg.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { layerChart } from './chart-export.ts';
import type { FoundDirections } from './directions.ts';
import type { Exportable } from './exports.ts';
import { layerLabel } from './view-state.ts';

/** Components that the scree's picture holds; the table has all. */
const SHOWN = 16;

export function directionsExports(found: FoundDirections): readonly Exportable[] {
  const { directions, run, texts } = found;
  const { geometry, pos, positions } = directions;
  const text = new Map(texts);
  const layers = run.model.spec.nLayers;
  const place =
    positions.length > 1
      ? `states of all ${positions.length} positions`
      : `after ${visibleText(run.pieces[pos] ?? '')} (position ${pos})`;
  const matrix = `${place}${directions.centred ? ', centred' : ''}${directions.mid ? ', with mid-block states' : ''}`;
  const rows = Array.from(geometry.stream.keys(), (row) => layerLabel(row - 1));
  const after = (writes: Float64Array): number[] => [Number.NaN, ...writes];
  return [
    scree(directions, matrix),
    path(directions, layers, matrix),
    readouts(directions, text, matrix),
    cosines(directions, rows, place),
    layerChart('Length of the stream, and of each write', 'norms', `logarithmic, ${place}`, {
      lines: [
        { name: 'stream', values: geometry.stream, colour: 6 },
        { name: 'what attention adds', values: after(geometry.attn), colour: 0, dashed: true },
        { name: 'what the MLP adds', values: after(geometry.mlp), colour: 1, dashed: true },
      ],
      scale: 'decades',
    }),
  ];
}

function scree({ ratios }: Directions, subtitle: string): Exportable {
  let sum = 0;
  const sums = Array.from(ratios, (ratio) => (sum += ratio));
  return {
    name: 'Share of the variance by component',
    file: 'scree',
    svg: (scheme) =>
      chartSvg(
        {
          title: 'Share of the variance by component',
          subtitle,
          lines: [
            { name: 'share of one component', values: ratios.subarray(0, SHOWN), colour: 0 },
            { name: 'all up to here', values: sums.slice(0, SHOWN), colour: 1, dashed: true },
          ],
          scale: 'share',
          row: (row) => String(row + 1),
        },
        scheme,
      ),
    csv: () =>
      csv(
        ['component', 'share', 'sum'],
        Array.from(ratios, (ratio, i) => [i + 1, ratio, sums[i]]),
      ),
    json: () => ({ subtitle, ratios: [...ratios] }),
  };
}

function path(directions: Directions, layers: number, subtitle: string): Exportable {
  const { states, path: along, count, pos, ratios } = directions;
  const at = (state: number, component: number): number =>
    component < count ? (along[state * count + component] ?? Number.NaN) : 0;
  const names = Array.from({ length: count }, (_, c) => `pc${c + 1}`);
  const valuesOf = (state: number): number[] => names.map((_, c) => at(state, c));
  return {
    name: 'The way through the layers, in PC1 and PC2',
    file: 'path',
    svg: (scheme) =>
      pathSvg(
        {
          title: 'The way through the layers',
          subtitle,
          layers,
          axes: [0, 1].map((c) => `PC${c + 1}, ${(100 * (ratios[c] ?? 0)).toFixed(1)} %`),
          points: states.map((state, i) => ({
            x: at(i, 0),
            y: at(i, 1),
            layer: state.layer,
            mid: state.mid,
            own: state.pos === pos,
            name: `${layerLabel(state.layer)}${state.mid ? ', after attention' : ''}, position ${state.pos}`,
          })),
        },
        scheme,
      ),
    csv: () =>
      csv(
        ['position', 'layer', 'mid', ...names],
        states.map((state, i) => [state.pos, state.layer, state.mid ? 1 : 0, ...valuesOf(i)]),
      ),
    json: () => ({
      subtitle,
      states: states.map(({ layer, mid, pos: position }, i) => ({
        ...{ position, layer, mid },
        along: valuesOf(i),
      })),
    }),
  };
}

function readouts(
  { count, k, topIds, topLogprobs, ratios, prediction, match }: Directions,
  text: ReadonlyMap<number, string>,
  subtitle: string,
): Exportable {
  const cells = Array.from({ length: count * k }, (_, at) => at);
  return {
    name: 'What each direction reads as',
    file: 'components',
    csv: () =>
      csv(
        ['component', 'share', 'place', 'token_id', 'token', 'logprob'],
        cells.map((at) => {
          const component = Math.floor(at / k);
          const id = topIds[at] ?? -1;
          return [component + 1, ratios[component], at % k, id, text.get(id), topLogprobs[at]];
        }),
      ),
    json: () => ({
      subtitle,
      prediction: { ...prediction, text: text.get(prediction.id) ?? null },
      match: match ?? null,
      components: Array.from({ length: count }, (_, c) => ({
        share: ratios[c],
        tokens: Array.from({ length: k }, (__, i) => {
          const id = topIds[c * k + i] ?? -1;
          return { id, text: text.get(id) ?? null, logprob: topLogprobs[c * k + i] };
        }),
      })),
    }),
  };
}

function cosines({ geometry }: Directions, rows: readonly string[], subtitle: string): Exportable {
  const n = rows.length;
  const signed = geometry.cosines.some((cosine) => cosine < 0);
  return {
    name: 'Angles between layers',
    file: 'cosines',
    svg: (scheme) =>
      matrixSvg(
        {
          title: 'Cosine similarity of the states',
          subtitle,
          rows,
          columns: rows,
          values: geometry.cosines,
          most: 1,
          diverging: signed,
          ends: [signed ? '−1' : '0', '1'],
        },
        scheme,
      ),
    csv: () =>
      csv(
        ['row', ...rows],
        rows.map((name, r) => [name, ...geometry.cosines.subarray(r * n, (r + 1) * n)]),
      ),
    json: () => ({
      subtitle,
      rows,
      cosines: rows.map((_, r) => [...geometry.cosines.subarray(r * n, (r + 1) * n)]),
    }),
  };
}

/** The experiment over many prompts: its histogram as a picture, every prompt as a table. */
export function experimentExports(record: ExperimentRecord): readonly Exportable[] {
  const { summary, model } = record;
  return [
    {
      name: 'The experiment: share of the first component',
      file: 'experiment',
      svg: (scheme) =>
        barsSvg(
          {
            title: `${model.id}: share of the variance along the first component`,
            subtitle: `prompts by share · mean ${summary.ratio.value.toFixed(3)} over ${summary.prompts}, ${summary.matches} read as the prediction`,
            rows: summary.histogram.map(({ from, to, count }) => ({
              name: `${from.toFixed(2)} to ${to.toFixed(2)}`,
              value: count,
            })),
            text: String,
          },
          scheme,
        ),
      csv: () => experimentCsv(record),
      json: () => experimentJson(record),
    },
  ];
}
