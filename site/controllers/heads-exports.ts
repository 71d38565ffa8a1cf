/** What the heads view lets the reader take along: the map, all scores, composition, and the losses. */
import type { HeadsReading } from '../../engine/heads-api.ts';
import { strongestEdges } from '../../shared/heads/graph.ts';
import {
  COMPOSITIONS,
  headName,
  PATTERN_SCORES,
  scoreAt,
  type SortableScore,
} from '../../shared/heads/reading.ts';
import { chartSvg } from '../../shared/picture/chart-svg.ts';
import { csv } from '../../shared/picture/csv.ts';
import { graphSvg } from '../../shared/picture/graph-svg.ts';
import { matrixSvg } from '../../shared/picture/matrix-svg.ts';
import type { Exportable } from './exports.ts';
import { compositionKind, isSigned, nameAt, SCORE_TITLES, SCORE_UNITS } from '../words/heads.ts';

/** Edges that files hold. */
const EDGES = 80;

export function headsExports(
  reading: HeadsReading,
  model: string,
  score: SortableScore,
  compose: string | undefined,
): readonly Exportable[] {
  const { layers, heads, patterns, copying, labels, loss, composition } = reading;
  const cells = Array.from({ length: layers * heads }, (_, at) => at);
  const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));
  const drawn = `${reading.sequences.length} draws of ${reading.length} random tokens, repeated, seed ${reading.seed}`;
  const kind = compositionKind(compose);
  const table = composition?.[kind];
  const edges = table ? strongestEdges(table, reading, EDGES) : [];
  return [
    {
      name: `Heads by ${SCORE_TITLES[score]}`,
      file: `heads-${score}`,
      svg: (scheme) =>
        matrixSvg(
          {
            title: `${model}: ${SCORE_TITLES[score]}, layer by head`,
            subtitle: `${SCORE_UNITS[score]} · ${drawn}`,
            rows: numbers(layers),
            columns: numbers(heads),
            values: cells.map((at) => scoreAt(reading, score, at)),
            most: 1,
            diverging: isSigned(score),
            ends: isSigned(score) ? ['−1', '1'] : ['0', '1'],
          },
          scheme,
        ),
      csv: () =>
        csv(
          [
            'layer',
            'head',
            ...PATTERN_SCORES.flatMap((name) => [name, `${name}_deviation`]),
            'copying',
            'deleting',
            'called',
          ],
          cells.map((at) => {
            const { layer, head } = nameAt(at, heads);
            return [
              layer,
              head,
              ...PATTERN_SCORES.flatMap((name) => [patterns[name].mean[at], patterns[name].deviation[at]]),
              copying[at],
              scoreAt(reading, 'deleting', at),
              (labels[at] ?? []).join(', '),
            ];
          }),
        ),
      json: () => ({
        model,
        seed: reading.seed,
        draws: reading.sequences.length,
        length: reading.length,
        sentence: reading.sentence,
        notes: reading.notes,
        pair: reading.pair ?? null,
        heads: cells.map((at) => ({
          ...nameAt(at, heads),
          ...Object.fromEntries(
            PATTERN_SCORES.map((name) => [
              name,
              { mean: orNull(patterns[name].mean[at]), deviation: orNull(patterns[name].deviation[at]) },
            ]),
          ),
          copying: orNull(copying[at]),
          deleting: orNull(scoreAt(reading, 'deleting', at)),
          labels: labels[at] ?? [],
        })),
      }),
    },
    {
      name: 'Learning in context, by place in the copy',
      file: 'heads-in-context',
      svg: (scheme) =>
        chartSvg(
          {
            title: `${model}: learning in context`,
            subtitle: `loss in nats by place in the copy · ${drawn}`,
            lines: [
              { name: 'first copy', values: loss.first.map(({ mean }) => mean), colour: 6, dashed: true },
              { name: 'second copy', values: loss.second.map(({ mean }) => mean), colour: 0 },
            ],
            scale: 'nats',
            row: (row) => String(row + 1),
          },
          scheme,
        ),
      csv: () =>
        csv(
          ['place', 'first_copy', 'first_deviation', 'second_copy', 'second_deviation'],
          loss.first.map((one, i) => [
            i + 1,
            one.mean,
            one.deviation,
            loss.second[i]?.mean,
            loss.second[i]?.deviation,
          ]),
        ),
      json: () => ({
        model,
        first: loss.first.map(({ mean }) => orNull(mean)),
        second: loss.second.map(({ mean }) => orNull(mean)),
      }),
    },
    ...(edges.length > 0
      ? [
          {
            name: `${kind.toUpperCase()}-composition, the strongest edges`,
            file: `heads-composition-${kind}`,
            svg: (scheme?: 'light' | 'dark') =>
              graphSvg(
                {
                  title: `${model}: ${kind.toUpperCase()}-composition`,
                  subtitle: `the ${edges.length} strongest of all pairs, above random heads · columns: layers, lines: heads`,
                  layers,
                  heads,
                  edges,
                },
                scheme,
              ),
            csv: () =>
              csv(
                ['kind', 'from', 'into', 'above_random'],
                COMPOSITIONS.flatMap((each) =>
                  (composition?.[each] ? strongestEdges(composition[each], reading, EDGES) : []).map(
                    ({ from, to, value }) => [each, headName(from), headName(to), value],
                  ),
                ),
              ),
            json: () => ({ model, kind, baseline: composition?.baseline ?? null, edges }),
          },
        ]
      : []),
  ];
}

function orNull(x: number | undefined): number | null {
  return x === undefined || Number.isNaN(x) ? null : x;
}
