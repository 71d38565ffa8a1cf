/** Asks the engine for one layer's attention, or all layers' in small, and keeps the last answer while the next comes. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { toErrorMessage } from '../../shared/errors.ts';
import { headScores, valueWeighted, type HeadScores } from '../../shared/lens/attention.ts';
import type { AttentionData, TraceData } from '../../shared/trace/data.ts';
import type { Engine } from '../engine/client.ts';
import type { HeadTiles } from '../engine/protocol.ts';
import { isCancelled } from '../words/problems.ts';
import type { RunView, ViewState } from './view-state.ts';

/** One layer's maps, from a run or from a trace. */
export interface LayerMaps {
  readonly run: RunView;
  readonly layer: number;
  /** Numbers of the heads that are there: of a run, all. */
  readonly heads: readonly number[];
  readonly tokens: number;
  /** Tokens that one looks back at, itself included; undefined: all. */
  readonly window: number | undefined;
  /** f32[head, dest, src] */
  readonly pattern: Float32Array;
  /** The same value-weighted; undefined of a trace, which holds no values. */
  readonly weighted: Float32Array | undefined;
  /** The largest of `weighted`. */
  readonly most: number;
  readonly scores: HeadScores;
  readonly postNorm: boolean;
  /** Half a step of a trace's numbers; 0 of a run. */
  readonly error: number;
}

/** Small maps of a layer, with the numbers of its heads. */
export type LayerTiles = Omit<HeadTiles, 'heads'> & { readonly heads: readonly number[] };

export class AttentionReader implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #key = '';
  /** Of the run that was asked about: the same prompt may run again. */
  #ids: readonly number[] | undefined;
  #asking: AbortController | undefined;
  #overview: { readonly key: string; readonly asking: AbortController } | undefined;
  found: LayerMaps | undefined;
  /** Layers that have come, of the run `tilesOf`. */
  tiles: readonly LayerTiles[] = [];
  /** What went wrong with the last question. */
  problem: string | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  get busy(): boolean {
    return this.#asking !== undefined;
  }

  hostDisconnected(): void {
    // What was read stays for when the view is shown again.
    if (this.#asking) this.#key = '';
    this.#asking?.abort();
    this.#overview?.asking.abort();
    this.#asking = undefined;
    // Read in full, it stays.
    if (this.#overview && !this.#complete) this.#forgetOverview();
  }

  #complete = false;

  /** Asks anew where anything differs from the last question; waits while a run goes on. */
  follow(engine: Engine, { phase, run }: ViewState, layer: number, all: boolean): void {
    if (!run) {
      this.found = undefined;
      this.#key = '';
      this.#forgetOverview();
      return;
    }
    const key = `${run.model.id}:${run.ids.join()}`;
    if (
      this.#overview &&
      (this.#overview.key !== key || !all) &&
      !(this.#complete && this.#overview.key === key)
    ) {
      this.#forgetOverview();
    }
    if (run.trace) {
      this.#asking?.abort();
      this.#key = `${key}:${layer}:trace`;
      if (this.found?.run !== run || this.found.layer !== layer) {
        this.found = mapsOfTrace(run, run.trace.data, layer);
      }
      if (all && !this.#overview) this.#readTiles(key, run.trace.data);
      return;
    }
    if (phase !== 'done' || !run.timings || !engine.alive) return;
    if (`${key}:${layer}` !== this.#key || run.ids !== this.#ids) {
      this.#key = `${key}:${layer}`;
      this.#ids = run.ids;
      void this.#ask(engine, run, layer);
    }
    if (all && !this.#overview) void this.#askAll(engine, run, key);
  }

  async #ask(engine: Engine, run: RunView, layer: number): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.problem = undefined;
    try {
      const answer = await engine.attention({ ids: run.ids, layer }, asking.signal);
      if (this.#asking !== asking) return;
      const weighted = valueWeighted(answer.pattern, answer.lengths, answer);
      let most = 0;
      for (const x of weighted) if (x > most) most = x;
      const heads = Array.from({ length: answer.heads }, (_, h) => h);
      this.found = { ...answer, heads, run, weighted, most, error: 0 };
    } catch (error) {
      if (this.#asking === asking && !isCancelled(error)) {
        this.found = undefined;
        this.problem = toErrorMessage(error).message;
      }
    } finally {
      if (this.#asking === asking) {
        this.#asking = undefined;
        this.#host.requestUpdate();
      }
    }
  }

  async #askAll(engine: Engine, run: RunView, key: string): Promise<void> {
    const overview = { key, asking: new AbortController() };
    this.#overview = overview;
    try {
      const add = (step: HeadTiles): void => {
        if (this.#overview !== overview) return;
        this.tiles = [...this.tiles, { ...step, heads: Array.from({ length: step.heads }, (_, h) => h) }];
        this.#host.requestUpdate();
      };
      await engine.attentionOverview(run.ids, add, overview.asking.signal);
      if (this.#overview === overview) this.#complete = true;
    } catch (error) {
      if (this.#overview === overview && !isCancelled(error)) this.problem = toErrorMessage(error).message;
    }
    this.#host.requestUpdate();
  }

  #readTiles(key: string, trace: TraceData): void {
    this.#overview = { key, asking: new AbortController() };
    this.#complete = true;
    void import('./attention-tiles.ts').then(({ tilesOfTrace }) => {
      if (this.#overview?.key !== key) return;
      this.tiles = trace.attention.map((layer) => tilesOfTrace(layer, trace.ids));
      this.#host.requestUpdate();
    });
  }

  #forgetOverview(): void {
    this.#overview?.asking.abort();
    this.#overview = undefined;
    this.#complete = false;
    this.tiles = [];
  }
}

/** A trace's layer as a run's; undefined when the trace does not hold it. */
export function mapsOfTrace(run: RunView, trace: TraceData, layer: number): LayerMaps | undefined {
  const data = trace.attention.find((one) => one.layer === layer);
  if (!data) return undefined;
  const tokens = trace.ids.length;
  const pattern = weightsOf(data);
  return {
    run,
    layer,
    heads: data.heads,
    tokens,
    window: undefined,
    pattern,
    weighted: undefined,
    most: 0,
    scores: headScores(pattern, trace.ids, { heads: data.heads.length, tokens }),
    postNorm: false,
    error: data.scale / 2,
  };
}

export function weightsOf({ patterns, scale }: AttentionData): Float32Array {
  return Float32Array.from(patterns, (x) => x * scale);
}
