/**
 * Runs the model block after block, the residual staying on the device. Axes from the start: a batch, a padding
 * mask, positions, keys and values of earlier tokens. Axes in comments: b batch, t pos, s past + pos.
 */
import { InputError, MemoryError, throwIfCancelled } from '../shared/errors.ts';
import { layerSpec } from '../shared/graph/attention.ts';
import {
  blockGraph,
  CHECKS,
  COS,
  gainName,
  MASK,
  offsetName,
  RESID_PRE,
  SIN,
  type EditPoint,
} from '../shared/graph/block.ts';
import { maskOf, positionsOf, rotaryTables, type Rectangle } from './positions.ts';
import type { BlockHook } from '../shared/hooks.ts';
import {
  applyEdit,
  planEdits,
  type Edit,
  type EditableHook,
  type Intervention,
} from '../shared/interventions.ts';
import type { Weights } from '../shared/graph/parts.ts';
import type { ModelSpec } from '../shared/spec/model-spec.ts';
import type { Compute } from './api.ts';
import { DeviceTensor } from './device-tensor.ts';
import type { MemoryLimits } from './memory.ts';
import { Queue } from './queue.ts';
import type { Runtime, Session, Tensor } from './runtime.ts';
import type { WeightStore } from './weights.ts';

/** Keys and values of tokens already run: what a later run stands on. Whoever gets one disposes of it. */
export class PastState {
  readonly batch: number;
  /** Tokens held, padding counted in. */
  readonly length: number;
  /** u8[b, past], 1 for real tokens. */
  readonly real: Uint8Array;
  /** A tensor a layer, f32[b, head, past, d_head]. */
  readonly keys: readonly DeviceTensor[];
  readonly values: readonly DeviceTensor[];

  constructor(
    batch: number,
    length: number,
    real: Uint8Array,
    keys: readonly DeviceTensor[],
    values: readonly DeviceTensor[],
  ) {
    this.batch = batch;
    this.length = length;
    this.real = real;
    this.keys = keys;
    this.values = values;
  }

  /** Gives the device memory back. */
  dispose(): void {
    for (const t of [...this.keys, ...this.values]) t.release();
  }
}

/** One rectangle of tokens. */
export interface ForwardInput {
  readonly batch: number;
  readonly pos: number;
  /** i32[b, t] */
  readonly ids: Int32Array;
  /** u8[b, t], 1 for real tokens, 0 for padding on either side. Default: all real. */
  readonly real?: Uint8Array;
  readonly past?: PastState;
  /** What is changed on the way. */
  readonly interventions?: readonly Intervention[];
}

/** What a run holds for all of its blocks. */
export interface ForwardState {
  readonly input: ForwardInput;
  /** By window (undefined: none), f32[b, 1, t, s]. */
  readonly masks: ReadonlyMap<number | undefined, Tensor>;
  /** By the spec's rotaries, f32[b, t, 1, dims / 2] each. */
  readonly rotaries: readonly { readonly cos: Tensor; readonly sin: Tensor }[];
  /** i32[b, t] */
  readonly positions: Int32Array;
  /** f32[b, t, d_model]: `hook_embed` and `hook_pos_embed`. */
  readonly embed: Float32Array;
  /** Undefined where positions aren't learned. */
  readonly posEmbed: Float32Array | undefined;
  /** By layer, what is changed there, as the block's inputs. */
  readonly edits: ReadonlyMap<number, BlockEdits>;
}

interface BlockEdits {
  readonly points: readonly EditPoint[];
  readonly feeds: Readonly<Record<string, Tensor>>;
}

export interface BlockRunOptions {
  readonly hooks: readonly BlockHook[];
  readonly checks: boolean;
  /** Keep this block's keys and values. */
  readonly present: boolean;
}

export interface BlockResult {
  /** Caller releases. */
  readonly post: DeviceTensor;
  /** Caller releases each. `hook_resid_pre` and `hook_resid_post` are shared with the stream. */
  readonly hooks: ReadonlyMap<BlockHook, DeviceTensor>;
  /** [largest |Σ pattern − 1|, largest relative gap of the writes] */
  readonly checks: readonly [number, number] | undefined;
  readonly present: { readonly key: DeviceTensor; readonly value: DeviceTensor } | undefined;
}

export class Forward {
  readonly #runtime: Runtime;
  readonly #spec: ModelSpec;
  readonly #weights: WeightStore;
  readonly #memory: MemoryLimits;
  readonly #graphWeights: Weights;
  /** Two variants a layer at most: what sweeps use, and what the last view asked for; of a large model, one. */
  readonly #sessions = new Map<number, Map<string, Promise<Session>>>();
  readonly #turns = new Map<number, Queue>();

  constructor(
    runtime: Runtime,
    spec: ModelSpec,
    weights: WeightStore,
    memory: MemoryLimits,
    compute: Compute = 'f32',
  ) {
    this.#graphWeights = compute === 'f16' ? weights.inHalf(!runtime.gpu) : weights;
    this.#runtime = runtime;
    this.#memory = memory;
    this.#spec = spec;
    this.#weights = weights;
  }

  /**
   * Checks the input and looks the embeddings up, in memory: a few rows need no device.
   *
   * @throws {InputError} for ids outside the vocabulary, or more tokens than the context.
   * @throws {MemoryError} when attention over so many tokens would not fit.
   */
  async begin(input: ForwardInput, signal?: AbortSignal): Promise<ForwardState> {
    const { batch, pos, ids } = input;
    const { nCtx, dVocab, weights } = this.#spec;
    if (batch < 1 || pos < 1 || ids.length !== batch * pos) {
      throw new InputError(`run: expected ids [batch, pos], got ${ids.length} for [${batch}, ${pos}]`);
    }
    const real = input.real ?? new Uint8Array(ids.length).fill(1);
    if (real.length !== ids.length) {
      throw new InputError(`run: padding mask: expected ${ids.length} entries, got ${real.length}`);
    }
    if (input.past && input.past.batch !== batch) {
      throw new InputError(`run: past: expected a batch of ${batch}, got ${input.past.batch}`);
    }
    const bad = ids.find((id) => id < 0 || id >= dVocab);
    if (bad !== undefined) throw new InputError(`run: id ${bad} is outside the vocabulary [0, ${dVocab})`);
    const rectangle: Rectangle = { batch, pos, real, before: input.past };
    const positions = positionsOf(rectangle);
    const tooFar = positions.reduce((a, b) => Math.max(a, b), 0) + 1;
    if (tooFar > nCtx) {
      throw new InputError(
        `run: ${tooFar} tokens are more than this model's context of ${nCtx}: shorten the prompt`,
      );
    }
    const src = pos + (input.past?.length ?? 0);
    const scoreBytes = batch * this.#spec.nHeads * pos * src * 4;
    if (scoreBytes > this.#memory.attentionBytes) {
      throw new MemoryError(
        `run: attention over ${pos} tokens takes ${Math.round(scoreBytes / 2 ** 20)} MiB a block, more than the ${Math.round(this.#memory.attentionBytes / 2 ** 20)} MiB allowed: shorten the prompt`,
      );
    }
    await this.#weights.need('embed', signal);
    const floats = this.#runtime.floats.bind(this.#runtime);
    const windows = new Set(this.#spec.layers.map((l) => l.window));
    const { embedScale } = this.#spec;
    const rows = this.#weights.rows(weights.embed, ids);
    const scaled = embedScale === 1 ? rows : rows.map((x) => x * embedScale);
    const plan = planEdits(this.#spec, input.interventions ?? [], { batch, pos });
    return {
      input: { ...input, real },
      masks: new Map([...windows].map((w) => [w, floats(maskOf(rectangle, w), [batch, 1, pos, src])])),
      rotaries: this.#spec.rotaries.map((rotary) => {
        const { cos, sin } = rotaryTables(rotary, positions);
        const dims = [batch, pos, 1, rotary.dims / 2];
        return { cos: floats(cos, dims), sin: floats(sin, dims) };
      }),
      positions,
      embed: plan.embed ? applyEdit(scaled, plan.embed) : scaled,
      posEmbed: weights.posEmbed === undefined ? undefined : this.#weights.rows(weights.posEmbed, positions),
      edits: new Map([...plan.blocks].map(([layer, edits]) => [layer, this.#editInputs(edits, pos)])),
    };
  }

  #editInputs(edits: ReadonlyMap<EditableHook, Edit>, pos: number): BlockEdits {
    const feeds: Record<string, Tensor> = {};
    const points: EditPoint[] = [];
    for (const [hook, { gain, offset, batch, units, width }] of edits) {
      const front = [batch, pos];
      const gainTail = hook === 'attn.hook_z' ? [units, 1] : [units];
      const tail = hook === 'attn.hook_z' ? [units, width] : [units * width];
      feeds[gainName(hook)] = this.#runtime.floats(gain, [...front, ...gainTail]);
      if (offset) feeds[offsetName(hook)] = this.#runtime.floats(offset, [...front, ...tail]);
      points.push({ hook, offset: offset !== undefined });
    }
    return { points, feeds };
  }

  /** The embedding row: token plus position, f32[b, t, d_model]. */
  residual({ input, embed, posEmbed }: ForwardState): DeviceTensor {
    const sum = posEmbed ? embed.map((x, i) => x + (posEmbed[i] as number)) : embed;
    return new DeviceTensor(this.#runtime.floats(sum, [input.batch, input.pos, this.#spec.dModel]));
  }

  /** Runs block `layer` on `pre`, which stays the caller's. */
  async block(
    layer: number,
    state: ForwardState,
    pre: DeviceTensor,
    options: BlockRunOptions,
    signal?: AbortSignal,
  ): Promise<BlockResult> {
    const { past } = state.input;
    const { window, rotary } = layerSpec(this.#spec, layer);
    const tables = rotary === undefined ? undefined : state.rotaries[rotary];
    const edits = state.edits.get(layer);
    const feeds = {
      [RESID_PRE]: pre.tensor,
      [MASK]: state.masks.get(window) as Tensor,
      ...(tables && { [COS]: tables.cos, [SIN]: tables.sin }),
      ...edits?.feeds,
      ...(past && {
        past_key: (past.keys[layer] as DeviceTensor).tensor,
        past_value: (past.values[layer] as DeviceTensor).tensor,
      }),
    };
    // One at a time: a session must not give way between being found and being asked to run.
    const { running } = await this.#turn(layer).run(async () => {
      const session = await this.#session(
        layer,
        { ...options, past: past !== undefined, edits: edits?.points ?? [] },
        signal,
      );
      throwIfCancelled(signal);
      return { running: session.run(feeds) };
    });
    const out = await running;
    const device = (name: string): DeviceTensor => new DeviceTensor(out[name] as Tensor);
    const post = device('hook_resid_post');
    const hooks = new Map<BlockHook, DeviceTensor>();
    for (const hook of options.hooks) {
      if (hook === 'hook_resid_pre') hooks.set(hook, pre.retain());
      else if (hook === 'hook_resid_post') hooks.set(hook, post.retain());
      else hooks.set(hook, device(hook));
    }
    let checks: readonly [number, number] | undefined;
    if (options.checks) {
      const values = device(CHECKS);
      const [rows, writes] = await this.#runtime.read(values.tensor);
      values.release();
      checks = [rows as number, writes as number];
    }
    const present = options.present
      ? { key: device('present_key'), value: device('present_value') }
      : undefined;
    return { post, hooks, checks, present };
  }

  #turn(layer: number): Queue {
    const turn = this.#turns.get(layer) ?? new Queue();
    this.#turns.set(layer, turn);
    return turn;
  }

  /** The session for a variant, made on first use; the least recently used of a layer gives way. */
  async #session(
    layer: number,
    options: BlockRunOptions & { readonly past: boolean; readonly edits: readonly EditPoint[] },
    signal: AbortSignal | undefined,
  ): Promise<Session> {
    const { hooks, checks, present, past, edits } = options;
    const key = [
      ...[...new Set(hooks)].sort(),
      `checks=${checks}`,
      `past=${past}`,
      `present=${present}`,
      ...edits.map(({ hook, offset }) => `${hook}*${offset ? '+' : ''}`).sort(),
    ].join();
    const variants = this.#sessions.get(layer) ?? new Map<string, Promise<Session>>();
    this.#sessions.set(layer, variants);
    let session = variants.get(key);
    variants.delete(key); // to put it last: the order of use
    if (!session) {
      const kept = this.#weights.gives ? 0 : 1;
      for (const [oldKey, old] of [...variants].slice(0, Math.max(0, variants.size - kept))) {
        variants.delete(oldKey);
        await (await old).release();
      }
      const { centreFirst } = this.#runtime;
      session = this.#weights.use(`block.${layer}`, signal, () => {
        const graph = blockGraph(this.#spec, layer, this.#graphWeights, { ...options, centreFirst });
        return this.#runtime.session(`block ${layer}`, graph);
      });
    }
    variants.set(key, session);
    try {
      return await session;
    } catch (error) {
      variants.delete(key);
      throw error;
    }
  }

  async dispose(): Promise<void> {
    for (const variants of this.#sessions.values()) {
      for (const session of variants.values()) await (await session).release();
    }
    this.#sessions.clear();
  }
}
