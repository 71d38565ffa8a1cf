/**
 * Attention in the engine's thread: one layer in full, or small maps of all heads of all layers, a layer at a time.
 * What was read of the prompt last is kept as far as it fits, so that a step to the next layer is no other run. Loaded
 * with the first question.
 */
import type { LayerAttention } from '../../engine/attention-api.ts';
import { NumericsError } from '../../shared/errors.ts';
import { shrink } from '../../shared/lens/attention.ts';
import type { HostedModel } from './host.ts';
import type { AttentionAsk, HeadTiles } from './protocol.ts';

/** Bytes of readings that are kept: twelve layers of twelve heads over 256 tokens. */
const KEPT_BYTES = 48e6;
/** Places on a side of a small map, at most. */
const SIDE = 48;

export class AttentionDesk {
  readonly #model: HostedModel;
  #key = '';
  #bytes = 0;
  readonly #kept = new Map<number, LayerAttention>();

  constructor(model: HostedModel) {
    this.#model = model;
  }

  async layer({ ids, layer }: AttentionAsk, signal: AbortSignal): Promise<LayerAttention> {
    this.#turnTo(ids);
    const known = this.#kept.get(layer);
    if (known) return known;
    for await (const reading of this.#model.attention(ids, { layers: [layer], signal })) {
      this.#keep(reading);
      return reading;
    }
    throw new NumericsError(`attention: layer ${layer}: the run gave none`);
  }

  /** Small maps of every layer, in order; told one by one. */
  async overview(
    ids: readonly number[],
    tell: (tiles: HeadTiles) => void,
    signal: AbortSignal,
  ): Promise<void> {
    this.#turnTo(ids);
    for await (const reading of this.#model.attention(ids, { signal })) {
      this.#keep(reading);
      tell(tilesOf(reading));
      // A cancellation is read between tasks only, and wasm may never leave one.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  #turnTo(ids: readonly number[]): void {
    const key = ids.join();
    if (key === this.#key) return;
    this.#key = key;
    this.#kept.clear();
    this.#bytes = 0;
  }

  /** The layers that were read longest ago make way. */
  #keep(reading: LayerAttention): void {
    const { layer } = reading;
    if (this.#kept.has(layer)) return;
    this.#kept.set(layer, reading);
    this.#bytes += reading.pattern.byteLength;
    for (const [old, { pattern }] of this.#kept) {
      if (this.#bytes <= KEPT_BYTES || old === layer) break;
      this.#kept.delete(old);
      this.#bytes -= pattern.byteLength;
    }
  }
}

/** All heads of a layer as small maps, 255 a weight of 1. */
export function tilesOf({ layer, heads, tokens, window, pattern, scores }: LayerAttention): HeadTiles {
  const side = Math.min(tokens, SIDE);
  const tiles = new Uint8Array(heads * side * side);
  for (let head = 0; head < heads; head++) {
    const small = shrink(pattern, tokens, side, head * tokens * tokens);
    tiles.set(
      small.map((weight) => Math.round(255 * weight)),
      head * side * side,
    );
  }
  return { layer, heads, side, window, tiles, scores };
}
