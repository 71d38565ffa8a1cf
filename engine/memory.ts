/** How much memory a run may take for what it could also do in steps. */

export interface MemoryLimits {
  /** Bytes of one buffer that a kernel reads; the device's own limit when that is smaller. */
  readonly bindingBytes: number;
  /** Bytes of logits computed at a time: bounds a long prompt. */
  readonly groupBytes: number;
  /** Bytes of logits kept from phase one to phase two; past this, phase two projects again. */
  readonly keepBytes: number;
  /** f32 bytes of weights up to which the plain forward, which holds them once more, checks the output. */
  readonly checkBytes: number;
  /** Bytes of one block's attention scores: a longer prompt is refused before anything breaks. */
  readonly attentionBytes: number;
  /**
   * Bytes of weights that stay in memory beside the device's copy; of a larger model each part goes once its session
   * stands, and is read again for another one. Not below what `checkBytes` allows, or the check would read all again.
   */
  readonly holdBytes: number;
  /** The same for weights whose second reading goes over the network, because nothing keeps them here. */
  readonly holdRemoteBytes: number;
}

const MIB = 1024 * 1024;

export const MEMORY_LIMITS: MemoryLimits = {
  bindingBytes: 1024 * MIB,
  groupBytes: 64 * MIB,
  keepBytes: 256 * MIB,
  checkBytes: 256 * MIB,
  attentionBytes: 1024 * MIB,
  holdBytes: 256 * MIB,
  holdRemoteBytes: 256 * MIB,
};
