/** What the attention view lets the reader take along: the large map, the layer's heads, and all numbers behind them. */
import { HEAD_SCORES } from '../../shared/lens/attention.ts';
import { attentionSvg, type AttentionPicture } from '../../shared/picture/attention-svg.ts';
import { csv, type CsvValue } from '../../shared/picture/csv.ts';
import { textSvg } from '../../shared/picture/text-svg.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { encodeAttention } from '../../shared/trace/encode-attention.ts';
import { length } from '../words/attention.ts';
import type { LayerMaps } from './attention.ts';
import type { Exportable } from './exports.ts';
import { traceOfRun } from './trace-of-run.ts';
import type { ViewState } from './view-state.ts';
import { sharesOnText, titleOf, type ShownMap } from './attention-shown.ts';

export function attentionExports(shown: ShownMap, pos: number, { run }: ViewState): readonly Exportable[] {
  const { maps, cells, offset, weighed, head } = shown;
  if (run?.ids !== maps.run.ids) return [];
  const { tokens, layer, heads } = maps;
  const stem = `${layer}-${head}${weighed ? '-weighted' : ''}`;
  const subtitle = `${maps.run.model.id} · down: who looks, across: at what`;
  const picture = (title: string, list: AttentionPicture['maps']): AttentionPicture => ({
    ...{ title, subtitle, maps: list, pieces: maps.run.pieces },
    most: weighed ? `${length(shown.most)}, length of what is written` : '1, all of a token’s attention',
  });
  const one = {
    name: String(head),
    cells: shares(cells, offset, shown),
    tokens,
    window: maps.window,
  };
  const piece = visibleText(maps.run.pieces[pos] ?? '');
  const [to, from] = (['to', 'from'] as const).map((direction) => sharesOnText(shown, pos, direction));
  const table = weighed && maps.weighted ? maps.weighted : maps.pattern;
  return [
    {
      name: titleOf(shown),
      file: `attention-${stem}`,
      svg: (scheme) => attentionSvg(picture(titleOf(shown), [one]), scheme),
      csv: () => csv(['position', 'token', 'looks_at_position', 'looks_at', 'weight'], mapRows(shown)),
      json: () => ({
        layer,
        head,
        weighed,
        position: pos,
        tokens: maps.run.pieces,
        map: Array.from({ length: tokens }, (_, t) =>
          Array.from(cells.subarray(offset + t * tokens, offset + t * tokens + t + 1)),
        ),
      }),
    },
    {
      name: `On the text: where ${piece} looks, and who looks at it`,
      file: `attention-text-${stem}`,
      svg: (scheme) =>
        textSvg(
          {
            ...{ title: titleOf(shown), pos, pieces: maps.run.pieces },
            subtitle: `${maps.run.model.id} · the stronger the colour, the more; the token in question has a frame`,
            texts: [
              { name: `Where ${piece} (position ${pos}) looks`, shares: to ?? [] },
              { name: `Who looks at ${piece}`, shares: from ?? [] },
            ],
          },
          scheme,
        ),
      csv: () =>
        csv(
          ['position', 'token', 'looked_at', 'looks_at_it'],
          maps.run.pieces.map((each, at) => [at, each, to?.[at], from?.[at]]),
        ),
      json: () => ({
        ...{ layer, head, weighed, position: pos, tokens: maps.run.pieces },
        lookedAt: to?.map(orNull),
        looksAtIt: from?.map(orNull),
      }),
    },
    {
      name: `All heads of layer ${layer}${weighed ? ', value-weighted' : ''}`,
      file: `attention-layer-${layer}${weighed ? '-weighted' : ''}`,
      svg: (scheme) =>
        attentionSvg(
          picture(
            `Attention of layer ${layer}`,
            heads.map((number, h) => ({
              ...one,
              name: `head ${number}`,
              cells: shares(table, h * tokens ** 2, shown),
            })),
          ),
          scheme,
        ),
      csv: () => csv(['layer', 'head', ...HEAD_SCORES], scoreRows(maps)),
      json: () => ({
        layer,
        weighed,
        tokens: maps.run.pieces,
        window: maps.window ?? null,
        heads: heads.map((number, h) => ({
          head: number,
          scores: Object.fromEntries(HEAD_SCORES.map((score) => [score, orNull(maps.scores[score][h])])),
          map: Array.from({ length: tokens }, (_, t) => {
            const start = h * tokens ** 2 + t * tokens;
            return Array.from(table.subarray(start, start + t + 1));
          }),
        })),
      }),
    },
    ...(run.trace
      ? []
      : [
          {
            name: `Trace with the attention of layer ${layer}`,
            file: `attention-layer-${layer}-trace`,
            // Opens again in this page, on this view.
            json: () => ({ ...traceOfRun(run, undefined).source, attention: encodeAttention([maps]) }),
          },
        ]),
  ];
}

function shares(table: Float32Array, offset: number, { maps, most }: ShownMap): Float32Array {
  return table.slice(offset, offset + maps.tokens ** 2).map((x) => x / (most || 1));
}

function* mapRows({ maps, cells, offset }: ShownMap): Generator<readonly CsvValue[]> {
  const { tokens, run } = maps;
  for (let t = 0; t < tokens; t++) {
    for (let s = 0; s <= t; s++) yield [t, run.pieces[t], s, run.pieces[s], cells[offset + t * tokens + s]];
  }
}

function scoreRows({ heads, layer, scores }: LayerMaps): readonly (readonly CsvValue[])[] {
  return heads.map((head, h) => [layer, head, ...HEAD_SCORES.map((score) => scores[score][h])]);
}

function orNull(x: number | undefined): number | null {
  return x === undefined || Number.isNaN(x) ? null : x;
}
