/** What the neurons view lets the reader take along: writes, one neuron with its texts, agreement, cosines. */
import type { DeletionReading, NeuronAgreement, NeuronName, TokenList } from '../../engine/neurons-api.ts';
import { barsSvg } from '../../shared/picture/bars-svg.ts';
import { chartSvg } from '../../shared/picture/chart-svg.ts';
import { csv } from '../../shared/picture/csv.ts';
import { matrixSvg } from '../../shared/picture/matrix-svg.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import type { NeuronAnswer, NeuronsAnswer, TriggersAnswer } from '../engine/study-protocol.ts';
import type { Exportable } from './exports.ts';
import { neuronCode } from './neurons.ts';
import { decimals } from './numbers.ts';
import type { RunView } from './view-state.ts';

/** Tokens of a list in a table's cell. */
const LISTED = 5;

function tokensOf({ ids, values }: TokenList, texts: ReadonlyMap<number, string>) {
  return Array.from(ids, (id, i) => ({ id, text: texts.get(id) ?? '', value: values[i] }));
}

function said(list: TokenList, texts: ReadonlyMap<number, string>): string {
  return Array.from(list.ids.subarray(0, LISTED), (id) => texts.get(id) ?? '').join(' | ');
}

export function writesExports({ writes: found, texts: pairs }: NeuronsAnswer, run: RunView): Exportable {
  const texts = new Map(pairs);
  const { pos, layer, target, writes, listedLength, totalLength } = found;
  const name = visibleText(texts.get(target) ?? '');
  const title = `How far neurons move the logit of “${name}”`;
  return {
    name: title,
    file: 'neurons-writes',
    svg: (scheme) =>
      barsSvg(
        {
          title,
          subtitle: `${run.model.id} · position ${pos} · ${layer === undefined ? 'all layers' : `layer ${layer}`} · the longest ${writes.length} writes · logits`,
          rows: writes.map((write) => ({ name: `neuron ${neuronCode(write)}`, value: write.moves })),
        },
        scheme,
      ),
    csv: () =>
      csv(
        ['layer', 'neuron', 'coefficient', 'length', 'moves', 'promotes', 'suppresses'],
        writes.map((write) => [
          write.layer,
          write.neuron,
          write.coefficient,
          write.length,
          write.moves,
          said(write.promoted, texts),
          said(write.suppressed, texts),
        ]),
      ),
    json: () => ({
      model: run.model.id,
      tokens: run.pieces.map(visibleText),
      position: pos,
      layer: layer ?? null,
      target: { id: target, text: texts.get(target) ?? '' },
      listedLength,
      totalLength,
      writes: writes.map(({ promoted, suppressed, ...write }) => ({
        ...write,
        promoted: tokensOf(promoted, texts),
        suppressed: tokensOf(suppressed, texts),
      })),
    }),
  };
}

export function neuronExports(
  { page, texts: pairs }: NeuronAnswer,
  model: string,
  triggers: TriggersAnswer | undefined,
): Exportable {
  const texts = new Map(pairs);
  const code = neuronCode(page);
  return {
    name: `Neuron ${code}${triggers ? ', and texts that turn it on' : ''}`,
    file: `neuron-${code.replace('.', '-')}`,
    ...(triggers && {
      csv: () =>
        csv(
          ['coefficient', 'before', 'token', 'next'],
          triggers.triggers.map(({ coefficient, before, token, next }) => [
            coefficient,
            before.join(''),
            token,
            next.join(''),
          ]),
        ),
    }),
    json: () => ({
      model,
      layer: page.layer,
      neuron: page.neuron,
      cosine: page.cosine,
      gateCosine: page.gateCosine ?? null,
      value: {
        length: page.valueLength,
        promoted: tokensOf(page.promoted, texts),
        suppressed: tokensOf(page.suppressed, texts),
      },
      keys: page.keys.map(({ nearest, farthest, ...key }) => ({
        ...key,
        nearest: tokensOf(nearest, texts),
        farthest: tokensOf(farthest, texts),
      })),
      triggers: triggers ?? null,
    }),
  };
}

export function agreementExports(found: NeuronAgreement, model: string): Exportable {
  const { layers, neurons, best, all, chance } = found;
  const title = `${model}: agreement of values and next tokens`;
  return {
    name: 'Agreement by layer',
    file: 'neurons-agreement',
    svg: (scheme) =>
      chartSvg(
        {
          title,
          subtitle: `share whose value’s top token is the one that follows · ${neurons} neurons a layer`,
          lines: [
            { name: 'best text', values: best, colour: 0 },
            { name: 'best 12 texts', values: all, colour: 1 },
            { name: 'chance', values: chance, colour: 6, dashed: true },
          ],
          scale: 'nats',
          row: (row) => String(layers[row] ?? row),
        },
        scheme,
      ),
    csv: () =>
      csv(
        ['layer', 'best', 'all', 'chance'],
        layers.map((layer, i) => [layer, best[i], all[i], chance[i]]),
      ),
    json: () => ({
      model,
      neurons,
      layers,
      best: Array.from(best),
      all: Array.from(all),
      chance: Array.from(chance),
    }),
  };
}

/** Every neuron's cosine in the table, the map as a picture. */
export function deletionExports(found: DeletionReading, model: string): Exportable {
  const { layers, neurons, cosines, folded, gateCosines, gateMeans, edges, histogram, strongest } = found;
  const most = histogram.reduce((max, row) => row.reduce((a, b) => Math.max(a, b), max), 1);
  const nameAt = (at: number): NeuronName => ({ layer: Math.floor(at / neurons), neuron: at % neurons });
  return {
    name: 'Cosine of key and value, by layer',
    file: 'neurons-deletion',
    svg: (scheme) =>
      matrixSvg(
        {
          title: `${model}: cosine of key and value`,
          subtitle: 'neurons by cosine, layer by layer; columns begin at the cosine named',
          rows: histogram.map((_, layer) => String(layer)),
          columns: Array.from(edges.subarray(0, -1), (edge) => decimals(edge, 1)),
          values: histogram.flatMap((row) => Array.from(row)),
          most,
          diverging: false,
          text: (value) => (value === 0 ? '' : String(value)),
          ends: ['0', String(most)],
        },
        scheme,
      ),
    csv: () =>
      csv(
        ['layer', 'neuron', 'cosine', 'folded', ...(gateCosines ? ['gate_cosine', 'gate_mean'] : [])],
        Array.from(cosines, (cosine, at) => [
          nameAt(at).layer,
          nameAt(at).neuron,
          cosine,
          folded[at],
          ...(gateCosines ? [gateCosines[at], gateMeans?.[at]] : []),
        ]),
      ),
    json: () => ({
      model,
      layers,
      neurons,
      edges: Array.from(edges),
      histogram: histogram.map((row) => Array.from(row)),
      strongest,
    }),
  };
}
