/** A logit taken apart as rows of bars: by layer, by head, by source token; and as files. */
import type { Attribution } from '../../engine/attribution-api.ts';
import { chartRows, type BarRow } from './bars.ts';
import { csv } from '../../shared/picture/csv.ts';
import { barsSvg } from '../../shared/picture/bars-svg.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import type { Exportable } from './exports.ts';
import type { RunView } from './view-state.ts';

export const GROUPS = ['layer', 'part', 'head'] as const;
export type Group = (typeof GROUPS)[number];

export const GROUP_WORDS: Readonly<Record<Group, string>> = {
  layer: 'layers',
  part: 'attention and MLP',
  head: 'heads',
};

/** Heads that the bars show one by one: the largest; the rest stand as one bar. */
const HEADS = 20;

/** Bars that sum to the logit. */
export function barsOf(found: Attribution, group: Group): readonly BarRow[] {
  const { components, parts, layers } = found;
  const outside = (kind: string): BarRow[] =>
    components.flatMap((component, i) =>
      component.layer === undefined && component.kind === kind
        ? [{ name: component.name, value: parts[i] ?? NaN }]
        : [],
    );
  const before = [...outside('embed'), ...outside('posEmbed')];
  const behind = outside('finalBias');
  const inside = components.flatMap((component, i) =>
    component.layer === undefined ? [] : [{ ...component, layer: component.layer, value: parts[i] ?? NaN }],
  );
  const sum = (list: readonly { readonly value: number }[]): number =>
    list.reduce((a, { value }) => a + value, 0);
  if (group === 'head') {
    const heads = inside
      .filter(({ kind }) => kind === 'head')
      .sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
    const rest = inside.filter(({ kind }) => kind !== 'head');
    return [
      ...before,
      ...heads.slice(0, HEADS).map(({ name, value, layer, head }) => ({
        name,
        value,
        ...(head === undefined ? {} : { head: { layer, head } }),
      })),
      ...(heads.length > HEADS
        ? [{ name: `${heads.length - HEADS} other heads`, value: sum(heads.slice(HEADS)) }]
        : []),
      { name: 'all MLPs', value: sum(rest.filter(({ kind }) => kind === 'mlp')) },
      ...chartRows(
        rest.filter(({ kind }) => kind !== 'mlp'),
        'biases in the layers',
      ),
      ...behind,
    ];
  }
  const rows: BarRow[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const own = inside.filter((one) => one.layer === layer);
    const attn = own.filter(({ kind }) => kind === 'head' || kind === 'attnBias');
    const mlp = own.filter(({ kind }) => kind === 'mlp' || kind === 'mlpBias');
    const other = own.filter(({ kind }) => kind === 'change');
    if (group === 'layer') rows.push({ name: `layer ${layer}`, value: sum(own) });
    else {
      rows.push({ name: `attention ${layer}`, value: sum(attn) }, { name: `MLP ${layer}`, value: sum(mlp) });
      if (other.length > 0) rows.push({ name: `change ${layer}`, value: sum(other) });
    }
  }
  return [...before, ...rows, ...behind];
}

/** What a head brings from each token. */
export function sourcesOf(found: Attribution, layer: number, head: number): Float32Array {
  const { tokens, heads, bySource } = found;
  const start = (layer * heads + head) * tokens;
  return bySource.subarray(start, start + found.pos + 1);
}

/** Whose logit, in words: `“·Paris”`, `“·Paris” over “·Rome”`, `“·Paris” over the mean token`. */
export function targetSaid({ target, against }: Attribution, text: (id: number) => string): string {
  const other =
    against === undefined ? '' : against === 'mean' ? ' over the mean token' : ` over “${text(against)}”`;
  return `“${text(target)}”${other}`;
}

export function attributionExports(
  found: Attribution,
  run: RunView,
  group: Group,
  text: (id: number) => string,
): readonly Exportable[] {
  const title = `Where the logit of ${targetSaid(found, text)} comes from`;
  const { components, parts, sum, logit } = found;
  return [
    {
      name: title,
      file: `attribution-${group}`,
      svg: (scheme) =>
        barsSvg(
          {
            title,
            subtitle: `${run.model.id} · position ${found.pos} · logits · sum ${sum.toFixed(4)}, the model’s own ${logit.toFixed(4)}`,
            rows: barsOf(found, group),
            total: { name: 'sum', value: sum },
          },
          scheme,
        ),
      csv: () =>
        csv(
          ['component', 'kind', 'layer', 'head', 'part'],
          components.map(({ name, kind, layer, head }, i) => [name, kind, layer, head, parts[i]]),
        ),
      json: () => ({
        model: run.model.id,
        tokens: run.pieces.map(visibleText),
        position: found.pos,
        target: found.target,
        against: found.against ?? null,
        logit,
        sum,
        components: components.map((component, i) => ({ ...component, part: parts[i] })),
        bySource: Array.from(found.bySource),
      }),
    },
  ];
}
