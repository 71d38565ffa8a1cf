/** What the lens view lets the reader take along: its table, and the charts of the selected position. */
import type { ChartLine } from '../../shared/picture/chart-svg.ts';
import { csv, type CsvValue } from '../../shared/picture/csv.ts';
import { lensSvg } from '../../shared/picture/lens-svg.ts';
import { rulerSvg } from '../../shared/picture/ruler-svg.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import type { TraceData } from '../../shared/trace/data.ts';
import { layerChart } from './chart-export.ts';
import type { Exportable } from './exports.ts';
import { isFinished, ofWholeRows } from './trace-of-run.ts';
import { currentCell, pathKey, type RunView, type ViewState } from './view-state.ts';

/** @param trace of the run that the state shows. */
export function lensExports(state: ViewState, trace: TraceData): readonly Exportable[] {
  const { run } = state;
  const pos = currentCell({ ...state, hovered: undefined })?.pos;
  if (!isFinished(run) || pos === undefined) return [];
  const place = `after ${visibleText(run.pieces[pos] ?? '')} (position ${pos}), by layer`;
  const tokens = tokenLines(state, run, pos);
  const entropy = { name: 'entropy', values: run.rows.map((row) => row.entropy[pos] ?? NaN), colour: 0 };
  const kl = {
    name: 'KL to the output',
    values: (run.late?.kl ?? []).map((row) => row[pos] ?? NaN),
    colour: 1,
  };
  return [
    {
      name: 'Lens table',
      file: 'lens',
      svg: (scheme) => lensSvg(trace, { scheme }),
      csv: () => csv(COLUMNS, cellsOf(trace)),
      json: () => tableOf(trace),
    },
    layerChart('Probability of the answer and the pins', 'probability', place, {
      ...{ lines: tokens.map(({ line, logprobs }) => ({ ...line, values: logprobs.map(Math.exp) })) },
      ...{ scale: 'share', most: 1 },
    }),
    layerChart('Rank of the answer and the pins', 'rank', place, {
      lines: tokens.map(({ line, ranks }) => ({ ...line, values: ranks })),
      scale: 'rank',
    }),
    layerChart('Entropy by layer', 'entropy', `nats, ${place}`, {
      lines: [entropy],
      ...{ scale: 'nats', most: Math.log(run.model.spec.dVocab) },
    }),
    layerChart('KL to the output by layer', 'kl', `nats, ${place}`, { lines: [kl], scale: 'nats' }),
    ...(run.late ? [ruler(run, run.late.convergence)] : []),
  ];
}

/** The table's foot. @param convergence i32[pos]: the first layer from which the answer stays. */
function ruler({ ids, pieces, rows, model }: RunView, convergence: Int32Array): Exportable {
  const entropy = rows.at(-1)?.entropy ?? new Float32Array();
  const { nLayers, dVocab } = model.spec;
  return {
    name: 'Entropy and settling layer by position',
    file: 'ruler',
    svg: (scheme) =>
      rulerSvg(
        { title: model.id, pieces, entropy, convergence, layers: nLayers, most: Math.log(dVocab) },
        scheme,
      ),
    csv: () =>
      csv(
        ['position', 'input_id', 'input', 'entropy_nats', 'settles_at_layer'],
        ids.map((id, pos) => [pos, id, pieces[pos], entropy[pos], convergence[pos]]),
      ),
    json: () => ({
      entropy: Array.from(entropy, orNull),
      convergence: [...convergence],
      ids,
      pieces,
    }),
  };
}

interface TokenLine {
  readonly line: Omit<ChartLine, 'values'>;
  readonly logprobs: readonly number[];
  /** NaN where it is not known. */
  readonly ranks: readonly number[];
}

function tokenLines({ pins, paths, pinTexts }: ViewState, run: RunView, pos: number): readonly TokenLine[] {
  const known = (ranks: readonly number[]): number[] => ranks.map((rank) => (rank < 0 ? Number.NaN : rank));
  const output = run.late && {
    line: { name: visibleText(run.texts.get(run.late.finalIds[pos] ?? -1) ?? ''), colour: 6, dashed: true },
    logprobs: run.late.final.map(({ logprobs }) => logprobs[pos] ?? Number.NaN),
    ranks: known(run.late.final.map(({ ranks }) => ranks[pos] ?? -1)),
  };
  const pinned = pins.flatMap((id, colour) => {
    const path = paths.get(pathKey(pos, id));
    const name = visibleText(run.texts.get(id) ?? pinTexts.get(id) ?? `id ${id}`);
    return path
      ? [
          {
            line: { name, colour },
            logprobs: ofWholeRows(path.logprobs, run.rows.length),
            ranks: known(ofWholeRows(path.ranks, run.rows.length)),
          },
        ]
      : [];
  });
  return output ? [output, ...pinned] : pinned;
}

const COLUMNS = [
  ...[
    'layer',
    'mid',
    'position',
    'input_id',
    'input',
    'place',
    'token_id',
    'token',
    'logprob',
    'probability',
  ],
  ...['entropy_nats', 'kl_nats'],
];

/** One line a candidate of a cell, best first. */
function* cellsOf({ ids, pieces, texts, lens }: TraceData): Generator<readonly CsvValue[]> {
  const { rows, k, topIds, topLogprobs, entropy, kl } = lens;
  for (const [r, { layer, mid }] of rows.entries()) {
    for (const [pos, input] of ids.entries()) {
      const cell = r * ids.length + pos;
      for (let place = 0; place < k; place++) {
        const id = topIds[cell * k + place] ?? -1;
        if (id < 0) break;
        const logprob = topLogprobs[cell * k + place] ?? Number.NaN;
        yield [
          ...[
            layer,
            mid ? 1 : 0,
            pos,
            input,
            pieces[pos],
            place,
            id,
            texts.get(id),
            logprob,
            Math.exp(logprob),
          ],
          ...[entropy?.[cell], kl?.[cell]],
        ];
      }
    }
  }
}

/** The table as plain data: rows from the embedding up, a cell a position. */
function tableOf({ model, ids, pieces, texts, lens }: TraceData): unknown {
  const { rows, k, topIds, topLogprobs, entropy, kl } = lens;
  return {
    model,
    input: Array.from(ids, (id, pos) => ({ id, text: pieces[pos] })),
    rows: rows.map(({ layer, mid = false }, r) => ({
      layer,
      mid,
      cells: Array.from(ids, (_, pos) => {
        const cell = r * ids.length + pos;
        const found = Array.from(topIds.subarray(cell * k, (cell + 1) * k)).filter((id) => id >= 0);
        return {
          top: found.map((id, i) => ({ id, text: texts.get(id), logprob: topLogprobs[cell * k + i] })),
          entropy: orNull(entropy?.[cell]),
          kl: orNull(kl?.[cell]),
        };
      }),
    })),
  };
}

function orNull(x: number | undefined): number | null {
  return x === undefined || !Number.isFinite(x) ? null : x;
}
