/** Translated lenses in the engine's thread: fitted or from a file, kept while the model is, and readings averaged. */
import type { AverageOptions, FitOptions, PromptLike, ReadingAverages } from '../../engine/api.ts';
import { keepLens, keptLens, lensKey } from '../../engine/kept-lenses.ts';
import { saveLens } from '../../engine/lens-file.ts';
import { InputError, NetworkError } from '../../shared/errors.ts';
import { MemorySource, type ByteSource } from '../../shared/formats/byte-source.ts';
import type { Translators } from '../../shared/lens/translators.ts';
import { siteAddress } from '../place.ts';
import type { AveragesAsk, Calls, LensSummary, Steps, ToWorker } from './protocol.ts';

export type LensMessage = Extract<
  ToWorker,
  { type: 'fitLens' | 'openLens' | 'restoreLens' | 'saveLens' | 'averages' }
>;

/** What is asked of the library's `LensModel`. */
export interface LensesModel {
  fitLens(prompts: readonly PromptLike[], options?: FitOptions): Promise<Translators>;
  openLens(source: ByteSource, signal?: AbortSignal): Promise<Translators>;
  averages(prompts: readonly PromptLike[], options?: AverageOptions): Promise<ReadingAverages>;
  weightHash(signal?: AbortSignal): Promise<string>;
}

interface Going {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Steps['fitLens' | 'averages']) => void;
}

/** Says which way of fitting a kept lens came from: another way is another number here. */
const SETTINGS = 'ridge-1';

/** The reference prompts that lie beside the page. */
export async function referencePrompts(signal: AbortSignal): Promise<readonly string[]> {
  const url = new URL('reference/corpus.txt', siteAddress());
  const response = await fetch(url, { signal }).catch((cause: unknown) => {
    throw new NetworkError('The reference prompts did not load: check the connection, then try again.', {
      cause,
    });
  });
  if (!response.ok) throw new NetworkError(`${url.pathname}: HTTP ${response.status}: reload the page`);
  return (await response.text()).split('\n').filter((line) => line !== '');
}

export class Lenses {
  readonly #model: LensesModel;
  readonly #open = new Map<Translators['kind'], Translators>();

  constructor(model: LensesModel) {
    this.#model = model;
  }

  answer<M extends LensMessage>(message: M, going: Going): Promise<Calls[M['type']][1]>;
  async answer(message: LensMessage, going: Going): Promise<Calls[LensMessage['type']][1]> {
    switch (message.type) {
      case 'fitLens':
        return this.#fit(going);
      case 'openLens':
        return this.#openFile(message.ask.name, message.ask.file, going.signal);
      case 'restoreLens':
        return this.#restore(message.ask.kind, going.signal);
      case 'saveLens':
        return new Blob([saveLens(this.get(message.ask.kind) as Translators)]);
      case 'averages':
        return this.#averages(message.ask, going);
    }
  }

  /** @throws {InputError} when there is none of this kind. */
  get(kind: 'raw' | Translators['kind']): Translators | undefined {
    if (kind === 'raw') return undefined;
    const lens = this.#open.get(kind);
    if (!lens) throw new InputError(`engine: no ${kind} lens is open for this model: fit or open one first`);
    return lens;
  }

  /** Whether there is one: of a fitted lens also one that the device keeps, which is opened then. */
  async #restore(kind: 'fitted' | 'tuned', signal: AbortSignal): Promise<LensSummary | undefined> {
    if (kind === 'fitted' && !this.#open.has(kind)) {
      const key = await this.#key(await referencePrompts(signal), signal);
      const kept = await keptLens(key, (source) => this.#model.openLens(source, signal));
      if (kept) this.#open.set('fitted', kept);
    }
    const lens = this.#open.get(kind);
    return lens && summaryOf(lens);
  }

  async #fit({ signal, onProgress }: Going): Promise<LensSummary> {
    const prompts = await referencePrompts(signal);
    const key = await this.#key(prompts, signal);
    const kept = await keptLens(key, (source) => this.#model.openLens(source, signal));
    const lens = kept ?? (await this.#model.fitLens(prompts, { signal, onProgress }));
    if (!kept) await keepLens(key, lens);
    this.#open.set('fitted', lens);
    return summaryOf(lens);
  }

  async #key(prompts: readonly string[], signal: AbortSignal): Promise<string> {
    return lensKey(await this.#model.weightHash(signal), prompts, SETTINGS);
  }

  async #openFile(name: string, file: Blob, signal: AbortSignal): Promise<LensSummary> {
    const source = new MemorySource(name, new Uint8Array(await file.arrayBuffer()));
    const lens = await this.#model.openLens(source, signal);
    this.#open.set(lens.kind, lens);
    return summaryOf(lens);
  }

  async #averages(
    { prompts, lens, positions }: AveragesAsk,
    { signal, onProgress }: Going,
  ): Promise<ReadingAverages> {
    return this.#model.averages(prompts ?? (await referencePrompts(signal)), {
      translators: this.get(lens),
      positions,
      signal,
      onProgress,
    });
  }
}

function summaryOf({ kind, hash, report }: Translators): LensSummary {
  return { kind, hash, report };
}
