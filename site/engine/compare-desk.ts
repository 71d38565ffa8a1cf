/**
 * Two runs side by side, in the engine's thread: some cells at a time, so that the page sees rows come and other
 * questions are answered in between. Of two models each lives in a thread of its own: the second one's logits come as
 * bytes, moved and not copied. Loaded with the first question.
 */
import { cellLogits, cellRows } from '../../engine/compare.ts';
import { collectStates, stateRows, type ResidualStates } from '../../engine/residual-states.ts';
import { compareCells, type LogitRows } from '../../shared/compare/cells.ts';
import {
  matchVocabularies,
  vocabularyOf,
  type VocabularyMatch,
  type VocabularyOf,
} from '../../shared/compare/vocabularies.ts';
import { InputError } from '../../shared/errors.ts';
import type { HostedModel } from './host.ts';
import type { Calls, CellLogitsAsk, CompareAnswer, CompareAsk, ToWorker } from './protocol.ts';
import type { Held } from './steps.ts';

/** Runs whose states are kept: one a side. */
const KEPT = 2;

export type CompareCall = Extract<
  ToWorker,
  { type: 'compareCells' | 'cellLogits' | 'vocabulary' | 'matchVocabulary' }
>;

interface Answered {
  readonly value: Calls[CompareCall['type']][1];
  readonly transfer: ArrayBuffer[];
}

export class CompareDesk {
  readonly #model: HostedModel;
  readonly #held: () => Held | undefined;
  readonly #kept = new Map<string, ResidualStates>();

  /** @param held the run that the table shows, whose states need no other run. */
  constructor(model: HostedModel, held: () => Held | undefined) {
    this.#model = model;
    this.#held = held;
  }

  async answer(message: CompareCall, signal: AbortSignal): Promise<Answered> {
    switch (message.type) {
      case 'compareCells':
        return { value: await this.#cells(message.ask, signal), transfer: [] };
      case 'cellLogits': {
        const value = await this.#logits(message.ask, signal);
        return { value, transfer: [value.buffer as ArrayBuffer] };
      }
      case 'vocabulary': {
        const value = new TextEncoder().encode(JSON.stringify(vocabularyOf(this.#model)));
        return { value, transfer: [value.buffer] };
      }
      case 'matchVocabulary':
        return { value: this.#match(message.ask), transfer: [] };
    }
  }

  #match(bytes: Uint8Array): VocabularyMatch {
    const other = JSON.parse(new TextDecoder().decode(bytes)) as {
      readonly strings: readonly (string | null)[];
      readonly dVocab: number;
    };
    const theirs: VocabularyOf = { ...other, strings: other.strings.map((text) => text ?? undefined) };
    return matchVocabularies(vocabularyOf(this.#model), theirs);
  }

  async #logits({ ids, layer, positions }: CellLogitsAsk, signal: AbortSignal): Promise<Float32Array> {
    return cellLogits(this.#model, await this.#states(ids, signal), layer, positions, signal);
  }

  async #cells(ask: CompareAsk, signal: AbortSignal): Promise<CompareAnswer> {
    const { columns, layers, a, b, targets, perCell, k, vocab } = ask;
    const [x, y] = [cellRows(columns, 'a', layers), cellRows(columns, 'b', layers)];
    const read = async (ids: readonly number[], layer: number, positions: readonly number[]) =>
      this.#logits({ ids, layer, positions }, signal);
    const { dVocab } = this.#model.spec;
    const mine: LogitRows = {
      logits: await read(a, layers.a ?? -1, x.positions),
      stride: dVocab,
      rows: x.rows,
    };
    const theirs: LogitRows =
      'logits' in b
        ? { ...b, rows: y.rows }
        : { logits: await read(b.ids, layers.b ?? -1, y.positions), stride: dVocab, rows: y.rows };
    if (theirs.logits.length !== y.positions.length * theirs.stride) {
      throw new InputError(
        `compare: expected logits of ${y.positions.length} cells, got ${theirs.logits.length / theirs.stride}`,
      );
    }
    const cells = compareCells(mine, theirs, { vocab, k, targets: Int32Array.from(targets), perCell });
    const shown = new Set([...cells.a.topIds, ...cells.b.topIds, ...targets]);
    shown.delete(-1);
    const { tokenizer } = this.#model;
    return { cells, texts: [...shown].map((id) => [id, tokenizer.text(id)] as const) };
  }

  async #states(ids: readonly number[], signal: AbortSignal): Promise<ResidualStates> {
    const key = ids.join();
    const held = this.#held();
    if (held?.ids.join() === key) return this.#statesOf(held);
    let found = this.#kept.get(key);
    this.#kept.delete(key);
    found ??= await collectStates(this.#model, ids, { mid: false, writes: false, signal });
    this.#kept.set(key, found);
    for (const old of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break;
      this.#kept.delete(old);
    }
    return found;
  }

  #statesOf({ ids, states }: Held): ResidualStates {
    const { dModel } = this.#model.spec;
    return {
      rows: stateRows(this.#model.spec, false),
      tokens: ids.length,
      at: (row, pos) => states.row(states.mid ? 2 * row : row).subarray(pos * dModel, (pos + 1) * dModel),
      write: () => undefined,
    };
  }
}
