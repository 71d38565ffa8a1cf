/**
 * Directions in the engine's thread: the states of the prompt that was asked about last are kept, so that another
 * position or option needs no other run; and the experiment, a prompt at a time. Loaded with the first question.
 */
import { collectStates, type ResidualStates } from '../../engine/residual-states.ts';
import { directionsOf, experiment } from '../../engine/directions.ts';
import type { PromptDirections } from '../../engine/directions-api.ts';
import { CancelledError, InputError } from '../../shared/errors.ts';
import { summarize } from '../../shared/lens/experiment.ts';
import type { HostedModel } from './host.ts';
import type { DirectionsAnswer, DirectionsAsk, ExperimentAnswer, ExperimentAsk, Steps } from './protocol.ts';

/** Components that the page shows, and tokens of each. */
const SHOWN = { components: 6, k: 6 } as const;

interface ExperimentPorts {
  /** Does something when it is its turn. */
  readonly turn: <T>(act: () => Promise<T>) => Promise<T>;
  readonly tell: (step: Steps['experiment']) => void;
  readonly signal: AbortSignal;
}

export class DirectionsDesk {
  readonly #model: HostedModel;
  readonly #closed = new AbortController();
  #kept: { readonly key: string; readonly states: ResidualStates } | undefined;

  constructor(model: HostedModel) {
    this.#model = model;
  }

  /** Another model is loaded: what goes on ends. */
  close(): void {
    this.#closed.abort();
  }

  async read(ask: DirectionsAsk, signal: AbortSignal): Promise<DirectionsAnswer> {
    const { ids, mid, pos, centred, allPositions } = ask;
    const key = `${mid}:${ids.join()}`;
    if (this.#kept?.key !== key) {
      this.#kept = undefined;
      this.#kept = { key, states: await collectStates(this.#model, ids, { mid, writes: true, signal }) };
    }
    const options = { pos, centred, allPositions, ...SHOWN, signal };
    const directions = await directionsOf(this.#model, this.#kept.states, options);
    const { tokenizer } = this.#model;
    const shown = new Set([directions.prediction.id, ...directions.topIds]);
    return { directions, texts: [...shown].map((id) => [id, tokenizer.text(id)] as const) };
  }

  async experiment(ask: ExperimentAsk, { turn, tell, signal }: ExperimentPorts): Promise<ExperimentAnswer> {
    const { tokenizer } = this.#model;
    const { prompts: texts, bos, mid, centred, seed } = ask;
    const { nCtx } = this.#model.spec;
    const prompts = texts.map((text, i) => {
      const { ids } = tokenizer.encode(text, { bos });
      if (ids.length > nCtx) {
        throw new InputError(
          `Prompt ${i + 1} has ${ids.length} tokens, and this model reads ${nCtx} at most: “${text.slice(0, 40)}…”. Shorten it, or take it out.`,
        );
      }
      return ids;
    });
    const stop = AbortSignal.any([signal, this.#closed.signal]);
    const readings: PromptDirections[] = [];
    const events = experiment(this.#model, prompts, { mid, centred, seed, signal: stop });
    try {
      for (;;) {
        const { value: event } = await turn(() => events.next());
        if (!event) throw new CancelledError();
        if (event.type === 'summary') return { summary: event.summary, cancelled: false };
        const { index, total, reading } = event;
        readings.push(reading);
        const record = {
          ...reading,
          prompt: texts[index] ?? '',
          prediction: tokenizer.text(reading.predictionId),
          direction: tokenizer.text(reading.directionId),
        };
        tell({ index, total, record });
        // Messages (a cancellation, another call) are read between tasks only, and wasm may never leave one.
        await new Promise((resolve) => setTimeout(resolve));
      }
    } catch (error) {
      if (!stop.aborted) throw error;
      // What was run before it was cancelled is worth having.
      return { summary: readings.length > 0 ? summarize(readings, seed) : undefined, cancelled: true };
    }
  }
}
