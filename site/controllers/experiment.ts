/** The directions experiment on the page: where its prompts come from, its progress, its results as files. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { ExperimentSummary } from '../../engine/directions-api.ts';
import { InputError, NetworkError, toErrorMessage } from '../../shared/errors.ts';
import type { ExperimentRecord, PromptRecord } from '../../shared/lens/experiment-files.ts';
import { LIMITS } from '../../shared/limits.ts';
import type { Engine } from '../engine/client.ts';
import type { ModelInfo } from '../engine/protocol.ts';
import { siteAddress } from '../place.ts';
import { count } from './numbers.ts';

export const SOURCES = ['bundled', 'pasted', 'file'] as const;
export type PromptSource = (typeof SOURCES)[number];

/** Prompts that one experiment may hold on the page. */
export const MAX_PROMPTS = 5000;
const MAX_FILE_BYTES = 4e6;

export interface ExperimentOptions {
  readonly centred: boolean;
  readonly mid: boolean;
  readonly bos: 'auto' | boolean;
}

interface Result {
  readonly model: ModelInfo;
  readonly options: ExperimentOptions;
  readonly records: readonly PromptRecord[];
  readonly total: number;
  /** There once it has ended. */
  readonly summary: ExperimentSummary | undefined;
  readonly cancelled: boolean;
}

export class Experiment implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #controller: AbortController | undefined;
  result: Result | undefined;
  problem: string | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  /** It goes on while another view is shown. */
  hostConnected(): void {
    this.#host.requestUpdate();
  }

  get running(): boolean {
    return this.#controller !== undefined;
  }

  cancel(): void {
    this.#controller?.abort();
  }

  async run(
    engine: Engine,
    model: ModelInfo,
    prompts: () => Promise<readonly string[]>,
    options: ExperimentOptions,
  ): Promise<void> {
    this.cancel();
    const controller = new AbortController();
    this.#controller = controller;
    this.problem = undefined;
    this.result = undefined;
    this.#host.requestUpdate();
    const records: PromptRecord[] = [];
    try {
      const texts = await prompts();
      const start = { model, options, total: texts.length, summary: undefined, cancelled: false };
      const { summary, cancelled } = await engine.experiment(
        { prompts: texts, ...options, seed: 0 },
        ({ record }) => {
          records.push(record);
          this.result = { ...start, records };
          this.#host.requestUpdate();
        },
        controller.signal,
      );
      this.result = { ...start, records, summary, cancelled };
    } catch (error) {
      const { kind, message } = toErrorMessage(error);
      if (kind === 'cancelled') {
        if (this.result) this.result = { ...this.result, cancelled: true };
      } else this.problem = message;
    } finally {
      if (this.#controller === controller) this.#controller = undefined;
      this.#host.requestUpdate();
    }
  }

  /** What the files hold; undefined before there is a summary. */
  record(): ExperimentRecord | undefined {
    if (!this.result?.summary) return undefined;
    const { model, options, records, summary } = this.result;
    return {
      model: { id: model.id, layers: model.spec.nLayers },
      options: { ...options, mid: options.mid && !model.spec.parallel, seed: summary.seed },
      summary,
      prompts: records,
    };
  }
}

/** Where longer lists of prompts can go. */
const ELSEWHERE = 'The command line takes any number: residscope pca.';

/** The prompts that come with the page. */
export async function bundledPrompts(): Promise<readonly string[]> {
  const response = await fetch(new URL('models/fable-4m/prompts.txt', siteAddress())).catch(() => undefined);
  if (!response?.ok) throw new NetworkError('The bundled prompts did not load: check the connection.');
  return promptsOf(await response.text());
}

/** @param beyond what to do with more lines. @throws {InputError} with what is wrong, for the reader. */
export async function promptsOfFile(file: File | undefined, beyond = ELSEWHERE): Promise<readonly string[]> {
  if (!file) throw new InputError('Pick a text file first, with one prompt a line.');
  if (file.size > MAX_FILE_BYTES) throw new InputError('This file has more than 4 MB. Take a part of it.');
  try {
    return promptsOf(new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer()), beyond);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError('This file is no UTF-8 text with one prompt a line.', { cause: error });
  }
}

/** Lines that hold something. @throws {InputError} with what is wrong, for the reader. */
export function promptsOf(text: string, beyond = ELSEWHERE): readonly string[] {
  const prompts = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (prompts.length === 0) throw new InputError('There is no prompt yet: type or paste one a line.');
  if (prompts.length > MAX_PROMPTS) {
    throw new InputError(
      `There are ${count(prompts.length)} prompts; ${count(MAX_PROMPTS)} is the most here. ${beyond}`,
    );
  }
  const long = prompts.findIndex((line) => new TextEncoder().encode(line).length > LIMITS.textBytes);
  if (long >= 0) throw new InputError(`The prompt number ${long + 1} is too long: shorten it.`);
  return prompts;
}
