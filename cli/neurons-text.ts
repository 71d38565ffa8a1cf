/** The largest writes of neurons as text for a terminal. */
import type { NeuronWrites, TokenList } from '../engine/node.ts';
import { visibleText } from '../shared/picture/visible.ts';
import { columns, decimals } from './columns.ts';

/** Tokens shown of each list. */
const SHOWN = 4;

/** A line a neuron. Ends in a line feed. */
export function neuronsText(
  model: string,
  reading: NeuronWrites,
  ids: readonly number[],
  words: (id: number) => string,
): string {
  const { pos, layer, target, against, writes, listedLength, totalLength } = reading;
  const word = (id: number | undefined): string => (id === undefined ? '' : visibleText(words(id)));
  const list = ({ ids: found }: TokenList): string => Array.from(found.subarray(0, SHOWN), word).join(' ');
  const rows = writes.map((write) => [
    `${write.layer}.${write.neuron}`,
    decimals(write.coefficient),
    decimals(write.length),
    decimals(write.moves, 3),
    list(write.promoted),
    list(write.suppressed),
  ]);
  const other = typeof against === 'number' ? ` less ${word(against)}` : against ? ' less the mean' : '';
  return [
    `${model} · position ${pos} ${word(ids[pos])} · ${layer === undefined ? 'all layers' : `layer ${layer}`} · the largest ${writes.length} writes, ${((100 * listedLength) / totalLength).toFixed(0)}% of the length of all`,
    '',
    ...columns(
      [
        ['neuron', 'coefficient', 'length', `moves ${word(target)}${other}`, 'promotes', 'suppresses'],
        ...rows,
      ],
      ['left', 'right', 'right', 'right'],
    ),
    '',
    ...reading.notes,
    '',
  ].join('\n');
}
