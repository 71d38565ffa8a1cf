/** What the ablation view lets the reader take along: the differences, and the changed run as a trace. */
import { csv } from '../../shared/picture/csv.ts';
import { matrixSvg } from '../../shared/picture/matrix-svg.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import type { AblateAnswer } from '../engine/study-protocol.ts';
import { howSaid, traceInterventions, unitName, type Choice } from './ablation-choice.ts';
import type { Exportable } from './exports.ts';
import { traceOfRun } from './trace-of-run.ts';
import { layerLabel, type RunView } from './view-state.ts';

/** Whose log-probability the differences are of. */
export const DIFFERENCES = ['own', 'output'] as const;
export type Difference = (typeof DIFFERENCES)[number];

/** Nats by which a cell's log-probability changed. */
export function changeAt({ rows }: AblateAnswer, row: number, pos: number, of: Difference): number {
  const at = 2 * pos + (of === 'own' ? 0 : 1);
  return (rows[row]?.logprobsAfter[at] ?? NaN) - (rows[row]?.logprobsBefore[at] ?? NaN);
}

export function ablationExports(
  answer: AblateAnswer,
  choice: Choice,
  run: RunView,
  of: Difference,
): readonly Exportable[] {
  const { rows, texts } = answer;
  const text = new Map(texts);
  const what = `${choice.units.map(unitName).join(', ')} ${howSaid(choice.how)}`;
  const order = rows.map((_, r) => r).reverse();
  const values = order.flatMap((r) => run.pieces.map((_, pos) => changeAt(answer, r, pos, of)));
  const most = values.reduce((a, x) => Math.max(a, Math.abs(x)), 0.01);
  const token = (id: number | undefined): string => text.get(id ?? -1) ?? '';
  return [
    {
      name: 'What the ablation changes',
      file: 'ablation',
      svg: (scheme) =>
        matrixSvg(
          {
            title: `${run.model.id} without ${what}`.slice(0, 90),
            subtitle: `change of the log-probability of ${of === 'own' ? 'each cell’s own first choice' : 'the output’s first choice'}, nats`,
            rows: order.map((r) => layerLabel(rows[r]?.layer ?? -1)),
            columns: run.pieces.map((piece) => visibleText(piece).slice(0, 6)),
            values,
            most,
            diverging: true,
            text: (value) => value.toFixed(1).replace('-', '−'),
            ends: [`−${most.toFixed(1)}`, most.toFixed(1)],
          },
          scheme,
        ),
      csv: () =>
        csv(
          [
            'layer',
            'position',
            'token',
            'top_before',
            'top_after',
            'logprob_before',
            'logprob_after',
            'output_before',
            'output_after',
          ],
          rows.flatMap(({ layer, before, after, logprobsBefore, logprobsAfter }) =>
            run.pieces.map((piece, pos) => [
              layer,
              pos,
              piece,
              token(before[pos]),
              token(after[pos]),
              logprobsBefore[2 * pos],
              logprobsAfter[2 * pos],
              logprobsBefore[2 * pos + 1],
              logprobsAfter[2 * pos + 1],
            ]),
          ),
        ),
      json: () => ({
        model: run.model.id,
        tokens: run.pieces,
        interventions: traceInterventions(choice),
        layers: rows.map(({ layer, before, after, logprobsBefore, logprobsAfter }) => ({
          layer,
          before: Array.from(before, token),
          after: Array.from(after, token),
          logprobsBefore: Array.from(logprobsBefore),
          logprobsAfter: Array.from(logprobsAfter),
        })),
      }),
    },
    {
      name: 'Trace of the changed run',
      file: 'ablation-trace',
      // Opens again in this page, and says what was changed.
      json: () =>
        traceOfRun(
          {
            ...run,
            rows: answer.readings,
            late: answer.late,
            lens: undefined,
            checks: [],
            texts: new Map([...run.texts, ...texts]),
          },
          undefined,
          traceInterventions(choice),
        ).source,
    },
  ];
}
