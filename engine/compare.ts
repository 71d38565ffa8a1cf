/**
 * Two runs side by side, cell by cell: of two prompts, or of two models that share a vocabulary. Everything comes from
 * whole rows of logits, a few cells at a time, so that the two models may also be in two threads: the page hands the
 * second one's logits over.
 */
import { alignTokens, pairLayers, type Column, type RowPair } from '../shared/compare/align.ts';
import { cellsAtOnce, compareCells, joinCells, type ComparedCells } from '../shared/compare/cells.ts';
import { matchVocabularies, vocabularyOf, type VocabularyMatch } from '../shared/compare/vocabularies.ts';
import { InputError, throwIfCancelled } from '../shared/errors.ts';
import type { ModelSpec } from '../shared/spec/model-spec.ts';
import type { TokenizerPort } from '../shared/tokenizer/encoding.ts';
import { nextTask } from './average-readings.ts';
import { collectStates, type ResidualStates, type RunsHooks } from './residual-states.ts';

/** What is asked of a model here. */
export interface Comparable extends RunsHooks {
  readonly id: string;
  readonly spec: RunsHooks['spec'] & Pick<ModelSpec, 'dVocab'>;
  readonly tokenizer: TokenizerPort;
  logits(states: Float32Array, signal?: AbortSignal): Promise<Float32Array>;
}

export interface CompareOptions {
  /** The model of the second run. Default: this one. */
  readonly other?: Comparable | undefined;
  /** Default: {@link alignTokens} of the two. */
  readonly columns?: readonly Column[];
  /** Default: layers by their share of the depth, {@link pairLayers}. */
  readonly rows?: readonly RowPair[];
  /** Candidates a cell and side. Default 10. */
  readonly k?: number;
  /** Tokens that are followed through both runs, a few a column: i32[columns, perColumn], −1 for none. */
  readonly targets?: Int32Array;
  readonly signal?: AbortSignal | undefined;
}

/** One row of the two tables. */
export interface ComparedRow {
  readonly layers: RowPair;
  /** A cell a column. */
  readonly cells: ComparedCells;
}

/** @throws {InputError} `compare: gpt2 and fable-4m have other vocabularies: …`, for no id would mean the same. */
export function checkVocabularies(
  names: readonly [string, string],
  match: VocabularyMatch,
): Extract<VocabularyMatch, { same: true }> {
  if (match.same) return match;
  throw new InputError(
    `compare: ${names[0]} and ${names[1]} have other vocabularies: ${match.why}. A divergence is of one vocabulary: compare two models of one tokenizer, or two prompts on one model`,
  );
}

/** Logits of some positions of a row of states: f32[positions, vocab]. */
export async function cellLogits(
  model: Comparable,
  states: ResidualStates,
  layer: number,
  positions: readonly number[],
  signal?: AbortSignal,
): Promise<Float32Array> {
  if (positions.length === 0) return new Float32Array();
  const { dModel, nLayers } = model.spec;
  if (!Number.isInteger(layer) || layer < -1 || layer >= nLayers) {
    throw new InputError(`compare: layer ${layer} is not there: expected −1 to ${nLayers - 1}`);
  }
  const picked = new Float32Array(positions.length * dModel);
  positions.forEach((pos, i) => {
    if (!Number.isInteger(pos) || pos < 0 || pos >= states.tokens) {
      throw new InputError(
        `compare: position ${pos} is outside the prompt: expected 0 to ${states.tokens - 1}`,
      );
    }
    picked.set(states.at(layer + 1, pos), i * dModel);
  });
  return model.logits(picked, signal);
}

/** See {@link Model.compare}. */
export async function* compareRuns(
  model: Comparable,
  a: readonly number[],
  b: readonly number[],
  options: CompareOptions = {},
): AsyncGenerator<ComparedRow, void> {
  const { other = model, k = 10, signal } = options;
  const match =
    other === model
      ? ({ same: true, size: model.spec.dVocab } as const)
      : checkVocabularies([model.id, other.id], matchVocabularies(vocabularyOf(model), vocabularyOf(other)));
  const columns = options.columns ?? alignTokens(a, b);
  const rows = options.rows ?? pairLayers({ a: model.spec.nLayers, b: other.spec.nLayers }, 'depth');
  const targets = options.targets ?? new Int32Array();
  const perCell = targets.length / (columns.length || 1);
  if (!Number.isInteger(perCell)) {
    throw new InputError(`compare: targets: expected [${columns.length}, *], got ${targets.length} ids`);
  }
  if (!Number.isInteger(k) || k < 1 || k > match.size) {
    throw new InputError(`compare: k: expected a whole number from 1 to ${match.size}, got ${k}`);
  }
  const wanted = { mid: false, writes: false, signal };
  const [mine, theirs] = [await collectStates(model, a, wanted), await collectStates(other, b, wanted)];
  const step = cellsAtOnce(Math.max(model.spec.dVocab, other.spec.dVocab));
  for (const layers of rows) {
    const parts: ComparedCells[] = [];
    for (let from = 0; from < columns.length; from += step) {
      await nextTask();
      throwIfCancelled(signal);
      const some = columns.slice(from, from + step);
      const [x, y] = [cellRows(some, 'a', layers), cellRows(some, 'b', layers)];
      parts.push(
        compareCells(
          {
            logits: await cellLogits(model, mine, layers.a ?? -1, x.positions, signal),
            stride: model.spec.dVocab,
            rows: x.rows,
          },
          {
            logits: await cellLogits(other, theirs, layers.b ?? -1, y.positions, signal),
            stride: other.spec.dVocab,
            rows: y.rows,
          },
          {
            vocab: match.size,
            k,
            targets: targets.subarray(from * perCell, (from + some.length) * perCell),
            perCell,
          },
        ),
      );
    }
    yield { layers, cells: joinCells(parts) };
  }
}

/** The positions of one side that some columns have, and by column the place among them; −1 for none. */
export function cellRows(
  columns: readonly Column[],
  side: 'a' | 'b',
  layers: RowPair,
): { readonly positions: number[]; readonly rows: number[] } {
  const positions: number[] = [];
  const rows = columns.map(({ [side]: pos }) =>
    pos < 0 || layers[side] === undefined ? -1 : positions.push(pos) - 1,
  );
  return { positions, rows };
}
