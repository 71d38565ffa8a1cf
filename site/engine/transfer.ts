/**
 * Readings packed for another thread: each array is copied into a buffer of its own size and that buffer is moved.
 * The library keeps its arrays (phase two reads phase one's), and an array may be a view into a far larger buffer,
 * all of which a plain `postMessage` would copy.
 */
import type { LayerAttention } from '../../engine/attention-api.ts';
import type { LateReadings, LayerReadings, TargetReadings, Trajectory } from '../../shared/lens/readings.ts';
import type { StepAnswer } from './protocol.ts';

/** Copies arrays and remembers the copies' buffers. */
export class Parcel {
  readonly buffers: ArrayBuffer[] = [];

  readings(r: LayerReadings): LayerReadings {
    return {
      layer: r.layer,
      ...(r.mid && { mid: r.mid }),
      k: r.k,
      topIds: this.#ints(r.topIds),
      topLogprobs: this.#floats(r.topLogprobs),
      entropy: this.#floats(r.entropy),
      input: this.#target(r.input),
      next: this.#target(r.next),
    };
  }

  late(l: LateReadings): LateReadings {
    return {
      finalIds: this.#ints(l.finalIds),
      final: l.final.map((target) => this.#target(target)),
      kl: l.kl.map((row) => this.#floats(row)),
      convergence: this.#ints(l.convergence),
    };
  }

  trajectory(t: Trajectory): Trajectory {
    return { tokenId: t.tokenId, pos: t.pos, logprobs: this.#floats(t.logprobs), ranks: this.#ints(t.ranks) };
  }

  attention(a: LayerAttention): LayerAttention {
    return { ...a, pattern: this.#floats(a.pattern), lengths: this.#floats(a.lengths) };
  }

  step(a: StepAnswer): StepAnswer {
    return {
      ...a,
      rows: a.rows.map((row) => this.readings(row)),
      late: this.late(a.late),
      next: a.next.map((target) => this.#target(target)),
    };
  }

  target(t: TargetReadings): TargetReadings {
    return this.#target(t);
  }

  #target(t: TargetReadings): TargetReadings {
    return { ids: this.#ints(t.ids), logprobs: this.#floats(t.logprobs), ranks: this.#ints(t.ranks) };
  }

  #ints(from: Int32Array): Int32Array {
    const copy = new Int32Array(from);
    this.buffers.push(copy.buffer);
    return copy;
  }

  #floats(from: Float32Array): Float32Array {
    const copy = new Float32Array(from);
    this.buffers.push(copy.buffer);
    return copy;
  }
}
