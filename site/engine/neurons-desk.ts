/** Neurons in the engine's thread: writes, pages, trigger texts, agreement and deletion. What was run over texts is kept. */
import type { NeuronAgreement, NeuronTriggers } from '../../engine/neurons-api.ts';
import { textsOf } from './ablation-desk.ts';
import type { HostedModel } from './host.ts';
import { referencePrompts } from './lenses.ts';
import type { Desk } from './studies.ts';
import type { Trigger } from './study-protocol.ts';

/** Writes that the page lists, tokens of each, and triggers of a neuron. */
const SHOWN = { writes: 24, k: 8, triggers: 12 } as const;
/** Tokens before and behind a trigger that are shown. */
const AROUND = { before: 24, next: 6 } as const;
/** Bundled texts that triggers are looked for in. */
const TEXTS = 1024;

interface Kept {
  /** Triggers of a layer's neurons over a list of texts. */
  triggers: { readonly key: string; readonly found: NeuronTriggers } | undefined;
  agreement: NeuronAgreement | undefined;
}

const kept = new WeakMap<HostedModel, Kept>();

function keptOf(model: HostedModel): Kept {
  let own = kept.get(model);
  if (!own) kept.set(model, (own = { triggers: undefined, agreement: undefined }));
  return own;
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

export const readTriggers: Desk<'triggers'> = async (
  model,
  { layer, neuron, prompts: own },
  { signal, tell },
) => {
  const prompts = own ?? (await referencePrompts(signal)).slice(0, TEXTS);
  const key = JSON.stringify([layer, own ?? 'bundled']);
  const mine = keptOf(model);
  if (mine.triggers?.key !== key) {
    const found = await model.neuronTriggers(prompts, {
      layers: [layer],
      top: SHOWN.triggers,
      signal,
      onProgress: tell,
    });
    mine.triggers = { key, found };
  }
  const { found } = mine.triggers;
  const [table] = found.layers;
  const triggers: Trigger[] = [];
  for (let i = 0; table && i < table.top; i++) {
    const at = neuron * table.top + i;
    const ids = found.prompts[table.prompt[at] ?? -1];
    const pos = table.pos[at] ?? -1;
    if (!ids || pos < 0) continue;
    const pieces = model.tokenizer.pieces([...ids]);
    triggers.push({
      before: pieces.slice(Math.max(0, pos - AROUND.before), pos),
      token: pieces[pos] ?? '',
      next: pieces.slice(pos + 1, pos + 1 + AROUND.next),
      coefficient: table.coefficient[at] ?? NaN,
    });
  }
  return { triggers, prompts: found.prompts.length, positions: found.positions };
};

export const readAgreement: Desk<'agreement'> = async (model, _ask, { signal, tell }) => {
  const mine = keptOf(model);
  if (!mine.agreement) {
    const prompts = (await referencePrompts(signal)).slice(0, TEXTS);
    const triggers = await model.neuronTriggers(prompts, { top: SHOWN.triggers, signal, onProgress: tell });
    mine.agreement = await model.neuronAgreement(triggers, { signal, onProgress: tell });
  }
  return mine.agreement;
};

export const readDeletion: Desk<'deletion'> = async (model, _ask, { signal, tell }) =>
  model.deletion((await referencePrompts(signal)).slice(0, 64), { signal, onProgress: tell });
