/** Direct logit attribution as text for a terminal. */
import type { Attribution } from '../engine/node.ts';
import { visibleText } from '../shared/picture/visible.ts';
import { columns, decimals } from './columns.ts';
import type { Terminal } from './terminal.ts';

/** Characters of the longest bar. */
const BAR = 24;

/** The logit, the largest parts, and the parts by layer. Ends in a line feed. */
export function dlaText(
  model: string,
  reading: Attribution,
  ids: readonly number[],
  words: (id: number) => string,
  count: number,
  { columns: width }: Pick<Terminal, 'columns'>,
): string {
  const { pos, target, against, components, parts, heads, tokens, bySource } = reading;
  const word = (id: number | undefined): string => (id === undefined ? '' : visibleText(words(id)));
  const order = Array.from(parts.keys())
    .sort((a, b) => Math.abs(parts[b] as number) - Math.abs(parts[a] as number))
    .slice(0, count);
  const most = Math.abs(parts[order[0] ?? 0] as number);
  const room = Math.min(BAR, Math.max(0, width - 60));
  const rows = order.map((i) => {
    const part = parts[i] as number;
    const { kind, layer = 0, head = 0, name } = components[i] as Attribution['components'][number];
    const bar = (part < 0 ? '░' : '█').repeat(Math.round((Math.abs(part) / most) * room));
    if (kind !== 'head') return [name, decimals(part, 3), bar, ''];
    const from = (layer * heads + head) * tokens;
    return [name, decimals(part, 3), bar, sourceWords(bySource.subarray(from, from + pos + 1), ids, word)];
  });
  const left = parts.length - order.length;
  const listed = order.reduce((sum, i) => sum + (parts[i] as number), 0);
  if (left > 0) rows.push([`${left} more`, decimals(reading.sum - listed, 3), '', '']);
  rows.push(['sum', decimals(reading.sum, 3), '', '']);
  const layers = Array.from(reading.attn, (attn, layer) => [
    String(layer),
    decimals(attn, 3),
    decimals(reading.mlp[layer] as number, 3),
  ]);
  return [
    `${model} · position ${pos} ${word(ids[pos])} · ${logitWords(reading, word(target), typeof against === 'number' ? word(against) : undefined)}`,
    '',
    ...columns(
      [['component', 'part', room > 0 ? '█ for, ░ against' : '', 'mostly from'], ...rows],
      ['left', 'right'],
    ),
    '',
    ...columns([['layer', 'attention', 'MLP'], ...layers], ['right', 'right', 'right']),
    '',
    `The parts sum to the logit within ${reading.error.toExponential(0)}; the final norm's scale is held at what it is here.`,
    ...reading.notes,
    '',
  ].join('\n');
}

function logitWords({ against, logit, targetLogprob }: Attribution, target: string, other?: string): string {
  const p = `p ${Math.exp(targetLogprob).toPrecision(3)}`;
  if (against === undefined) return `logit of ${target} ${decimals(logit, 3)} (${p})`;
  return `logit of ${target} (${p}) less ${other === undefined ? 'the mean of all' : `that of ${other}`}: ${decimals(logit, 3)}`;
}

/** The source that a head brings most from, by its absolute share. */
function sourceWords(
  row: Float32Array,
  ids: readonly number[],
  word: (id: number | undefined) => string,
): string {
  let best = 0;
  row.forEach((x, s) => {
    if (Math.abs(x) > Math.abs(row[best] as number)) best = s;
  });
  return `${word(ids[best])} @${best} ${decimals(row[best] as number, 3)}`;
}
