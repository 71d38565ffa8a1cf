/** Neurons in the engine's thread: writes, pages, trigger texts, agreement and deletion. What was run over texts is kept. */
import type { LayerTriggers, NeuronAgreement, NeuronTriggers } from '../../engine/neurons-api.ts';
import { textsOf } from './ablation-desk.ts';
import type { HostedModel } from './host.ts';
import { referencePrompts } from './lenses.ts';
import type { Desk } from './studies.ts';
import type { AgreementAsk, Trigger } from './study-protocol.ts';

/** Writes that the page lists, tokens of each, and triggers of a neuron. */
const SHOWN = { writes: 24, k: 8, triggers: 12 } as const;
/** Tokens before and behind a trigger that are shown. */
const AROUND = { before: 24, next: 6 } as const;
/** Bundled texts that triggers are looked for in. */
const TEXTS = 1024;

/** Bins and listed neurons of the cosines, and the texts that gates' signs are taken over. */
const DELETION = { bins: 20, count: 40, texts: 64 } as const;

interface Kept {
  /** Of one list of texts, in one order: of a layer that was asked about, or of all. */
  triggers?: { readonly key: string; readonly found: NeuronTriggers };
  agreement?: { readonly key: string; readonly found: NeuronAgreement };
}

const kept = new WeakMap<HostedModel, Kept>();

function keptOf(model: HostedModel): Kept {
  let own = kept.get(model);
  if (!own) kept.set(model, (own = {}));
  return own;
}

async function textsAsked({ prompts }: AgreementAsk, signal: AbortSignal): Promise<readonly string[]> {
  return prompts ?? (await referencePrompts(signal)).slice(0, TEXTS);
}

function keyOf({ prompts, order }: AgreementAsk): string {
  return JSON.stringify([order, prompts ?? 'bundled']);
}

export const readWrites: Desk<'neurons'> = async (model, { ids, pos, layer, target }, { signal }) => {
  const writes = await model.neurons(ids, {
    pos,
    layer,
    count: SHOWN.writes,
    k: SHOWN.k,
    ...(target === undefined ? {} : { target }),
    signal,
  });
  const shown = writes.writes.flatMap(({ promoted, suppressed }) => [...promoted.ids, ...suppressed.ids]);
  return { writes, texts: textsOf(model, [writes.target, ...shown]) };
};

export const readPage: Desk<'neuron'> = async (model, { layer, neuron }, { signal }) => {
  const page = await model.neuron(layer, neuron, { k: SHOWN.k + 2, signal });
  const shown = page.keys.flatMap(({ nearest, farthest }) => [...nearest.ids, ...farthest.ids]);
  return { page, texts: textsOf(model, [...page.promoted.ids, ...page.suppressed.ids, ...shown]) };
};

export const readTriggers: Desk<'triggers'> = async (model, ask, { signal, tell }) => {
  const { layer, neuron, order } = ask;
  const key = keyOf(ask);
  const mine = keptOf(model);
  const tableOf = (found: NeuronTriggers | undefined): LayerTriggers | undefined =>
    found?.layers.find((table) => table.layer === layer);
  if (mine.triggers?.key !== key || !tableOf(mine.triggers.found)) {
    const options = { layers: [layer], top: SHOWN.triggers, order, signal, onProgress: tell };
    mine.triggers = { key, found: await model.neuronTriggers(await textsAsked(ask, signal), options) };
  }
  const { found } = mine.triggers;
  const table = tableOf(found);
  const triggers: Trigger[] = [];
  for (let i = 0; table && i < table.top; i++) {
    const at = neuron * table.top + i;
    const ids = found.prompts[table.prompt[at] ?? -1];
    const pos = table.pos[at] ?? -1;
    if (!ids || pos < 0) continue;
    const pieces = model.tokenizer.pieces([...ids]);
    const start = ids[0] === model.tokenizer.bosId ? 1 : 0;
    triggers.push({
      before: pieces.slice(Math.max(start, pos - AROUND.before), pos),
      token: pieces[pos] ?? '',
      next: pieces.slice(pos + 1, pos + 1 + AROUND.next),
      nextId: ids[pos + 1] ?? -1,
      coefficient: table.coefficient[at] ?? NaN,
    });
  }
  return { triggers, prompts: found.prompts.length, positions: found.positions };
};

export const readAgreement: Desk<'agreement'> = async (model, ask, { signal, tell }) => {
  const key = keyOf(ask);
  const mine = keptOf(model);
  if (mine.agreement?.key !== key) {
    const options = { top: SHOWN.triggers, order: ask.order, signal, onProgress: tell };
    const triggers = await model.neuronTriggers(await textsAsked(ask, signal), options);
    mine.triggers = { key, found: triggers };
    mine.agreement = { key, found: await model.neuronAgreement(triggers, { signal, onProgress: tell }) };
  }
  return mine.agreement.found;
};

export const readDeletion: Desk<'deletion'> = async (model, _ask, { signal, tell }) => {
  const { bins, count, texts } = DELETION;
  const prompts = (await referencePrompts(signal)).slice(0, texts);
  return model.deletion(prompts, { bins, count, signal, onProgress: tell });
};
