/**
 * The reducer on the GPU: one workgroup a row reads the logits where onnxruntime-web left them, on the same
 * device. Only k values a row come back. Why our own kernel: the runtime's Softmax and TopK over a vocabulary are
 * slow, and its ReduceLogSumExp overflows.
 */
import { DeviceError } from '../shared/errors.ts';
import {
  entropyOf,
  klOf,
  type Comparison,
  type Logits,
  type LogitShare,
  type Partition,
  type Reducer,
  type ReduceRequest,
  type RowStats,
} from './reduce.ts';

const LANES = 256;

/** A value that no logit reaches from below; WGSL has no infinity literal. */
const LOWEST = '-3.4028234e38';

const SHADER = /* wgsl */ `
struct Params { rows: u32, count: u32, first: u32, k: u32, perRow: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<i32>;
@group(0) @binding(3) var<storage, read_write> targetLogits: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<storage, read> outputLogits: array<f32>;
@group(0) @binding(6) var<storage, read> maxima: array<vec2f>;

var<workgroup> values: array<f32, ${LANES}>;
var<workgroup> others: array<f32, ${LANES}>;
var<workgroup> ids: array<i32, ${LANES}>;

// The logit of each target that lies in this share.
@compute @workgroup_size(${LANES}) fn gather(@builtin(global_invocation_id) at: vec3u) {
  let i = at.x;
  if (i >= params.rows * params.perRow) { return; }
  let local = targets[i] - i32(params.first);
  if (targets[i] >= 0 && local >= 0 && local < i32(params.count)) {
    targetLogits[i] = logits[(i / params.perRow) * params.count + u32(local)];
  }
}

fn sumAll(lane: u32) {
  for (var half = ${LANES / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      values[lane] += values[lane + half];
      others[lane] += others[lane + half];
    }
  }
  workgroupBarrier();
}

// How many logits of the row stand ahead of target j, left in values[0].
fn countAhead(row: u32, lane: u32, j: u32) {
  let base = row * params.count;
  let logit = targetLogits[row * params.perRow + j];
  let id = targets[row * params.perRow + j] - i32(params.first);
  var ahead = 0u;
  for (var i = lane; i < params.count; i += ${LANES}u) {
    let z = logits[base + i];
    if (z > logit || (z == logit && i32(i) < id)) { ahead++; }
  }
  workgroupBarrier();
  values[lane] = f32(ahead); // exact below 2^24, more than any vocabulary
  others[lane] = 0.0;
  sumAll(lane);
}

// The best (value, id) over the workgroup, left at lane 0.
fn bestAll(lane: u32) {
  for (var half = ${LANES / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      let other = lane + half;
      if (values[other] > values[lane] || (values[other] == values[lane] && ids[other] < ids[lane])) {
        values[lane] = values[other];
        ids[lane] = ids[other];
      }
    }
  }
  workgroupBarrier();
}

// A row of out: max, sum, weighted sum, k logits, k ids, counts of logits ahead of each target.
@compute @workgroup_size(${LANES}) fn reduce(
  @builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = group.x;
  let lane = local.x;
  let base = row * params.count;
  let to = row * (3u + 2u * params.k + params.perRow);
  var lastValue = 3.4028234e38;
  var lastId = -1;
  var top = 0.0;
  for (var n = 0u; n < max(params.k, 1u); n++) {
    var bestValue = ${LOWEST};
    var bestId = 2147483647;
    for (var i = lane; i < params.count; i += ${LANES}u) {
      let z = logits[base + i];
      let after = z < lastValue || (z == lastValue && i32(i) > lastId);
      if (after && z > bestValue) { bestValue = z; bestId = i32(i); }
    }
    workgroupBarrier();
    values[lane] = bestValue;
    ids[lane] = bestId;
    bestAll(lane);
    lastValue = values[0];
    lastId = ids[0];
    workgroupBarrier();
    if (n == 0u) { top = lastValue; }
    if (lane == 0u && n < params.k) {
      out[to + 3u + n] = lastValue;
      out[to + 3u + params.k + n] = bitcast<f32>(select(lastId + i32(params.first), -1, lastId == 2147483647));
    }
  }
  var sum = 0.0;
  var weighted = 0.0;
  for (var i = lane; i < params.count; i += ${LANES}u) {
    let d = logits[base + i] - top;
    let e = exp(d);
    sum += e;
    weighted += max(d, -200.0) * e;
  }
  workgroupBarrier();
  values[lane] = sum;
  others[lane] = weighted;
  sumAll(lane);
  if (lane == 0u) {
    out[to] = top;
    out[to + 1u] = values[0];
    out[to + 2u] = others[0];
  }
  for (var j = 0u; j < params.perRow; j++) {
    countAhead(row, lane, j);
    if (lane == 0u) { out[to + 3u + 2u * params.k + j] = values[0]; }
  }
}

// A row of out: the share's part of the KL gap, and the count of logits ahead of the target.
@compute @workgroup_size(${LANES}) fn compare(
  @builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = group.x;
  let lane = local.x;
  let base = row * params.count;
  var gap = 0.0;
  for (var i = lane; i < params.count; i += ${LANES}u) {
    let d = outputLogits[base + i] - maxima[row].x;
    gap += exp(d) * (d - (logits[base + i] - maxima[row].y));
  }
  values[lane] = gap;
  others[lane] = 0.0;
  sumAll(lane);
  if (lane == 0u) { out[row * 2u] = values[0]; }
  countAhead(row, lane, 0u);
  if (lane == 0u) { out[row * 2u + 1u] = values[0]; }
}
`;

type Entry = 'gather' | 'reduce' | 'compare';

/** Which bindings each entry point uses: the automatic layout holds those and no others. */
const USES: Readonly<Record<Entry, readonly number[]>> = {
  gather: [0, 1, 2, 3],
  reduce: [0, 1, 2, 3, 4],
  compare: [0, 1, 2, 3, 4, 5, 6],
};

/** Buffers of one call, destroyed together. */
class Scratch {
  readonly #device: GPUDevice;
  readonly #buffers: GPUBuffer[] = [];

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** At least 16 bytes: an empty binding is refused. */
  empty(bytes: number, usage: number): GPUBuffer {
    const buffer = this.#device.createBuffer({ size: Math.max(16, Math.ceil(bytes / 4) * 4), usage });
    this.#buffers.push(buffer);
    return buffer;
  }

  filled(
    data: Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>,
    usage: number,
  ): GPUBuffer {
    const buffer = this.empty(data.byteLength, usage | GPUBufferUsage.COPY_DST);
    this.#device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  }

  destroy(): void {
    for (const buffer of this.#buffers) buffer.destroy();
  }
}

function gpuBufferOf(share: LogitShare): GPUBuffer {
  const { tensor } = share;
  if (tensor.location !== 'gpu-buffer') {
    throw new DeviceError(`lens: logits are in "${tensor.location}", expected them on the GPU`);
  }
  return tensor.gpuBuffer;
}

export class WgslReducer implements Reducer {
  readonly wantsExps = false;
  readonly #device: GPUDevice;
  readonly #pipelines: Readonly<Record<Entry, GPUComputePipeline>>;

  constructor(device: GPUDevice) {
    this.#device = device;
    const module = device.createShaderModule({ label: 'lens reduction', code: SHADER });
    const pipeline = (entryPoint: Entry): GPUComputePipeline =>
      device.createComputePipeline({ label: entryPoint, layout: 'auto', compute: { module, entryPoint } });
    this.#pipelines = {
      gather: pipeline('gather'),
      reduce: pipeline('reduce'),
      compare: pipeline('compare'),
    };
  }

  async reduce(logits: Logits, { k, targets, perRow }: ReduceRequest): Promise<RowStats> {
    const { rows, shares } = logits;
    const stride = 3 + 2 * k + perRow;
    const { outs, targetLogits } = await this.#dispatch(logits, targets, perRow, 'reduce', k, rows * stride);
    const stats: RowStats = {
      rows,
      max: new Float64Array(rows),
      sum: new Float64Array(rows),
      entropy: new Float32Array(rows),
      topIds: new Int32Array(rows * k),
      topLogits: new Float32Array(rows * k),
      targetLogits: targetLogits.map((z, i) => ((targets[i] as number) < 0 ? NaN : z)),
      targetRanks: targets.map((id) => (id < 0 ? -1 : 0)),
    };
    for (let r = 0; r < rows; r++) {
      const at = r * stride;
      const max = Math.max(...outs.map((o) => o.floats[at] as number));
      let sum = 0;
      let weighted = 0;
      for (const { floats } of outs) {
        const shift = (floats[at] as number) - max;
        const scale = Math.exp(shift);
        sum += scale * (floats[at + 1] as number);
        weighted += scale * ((floats[at + 2] as number) + shift * (floats[at + 1] as number));
      }
      stats.max[r] = max;
      stats.sum[r] = sum;
      stats.entropy[r] = entropyOf(sum, weighted);
      const best = outs
        .flatMap(({ floats, ints }) =>
          Array.from({ length: k }, (_, n) => ({
            logit: floats[at + 3 + n] as number,
            id: ints[at + 3 + k + n] as number,
          })),
        )
        .filter(({ id }) => id >= 0);
      if (shares.length > 1) best.sort((a, b) => b.logit - a.logit || a.id - b.id);
      best.slice(0, k).forEach(({ logit, id }, n) => {
        stats.topIds[r * k + n] = id;
        stats.topLogits[r * k + n] = logit;
      });
      for (let j = 0; j < perRow; j++) {
        if ((targets[r * perRow + j] as number) < 0) continue;
        stats.targetRanks[r * perRow + j] = outs.reduce(
          (n, o) => n + (o.floats[at + 3 + 2 * k + j] as number),
          0,
        );
      }
    }
    return stats;
  }

  async compare(
    output: Logits,
    outputStats: Partition,
    row: Logits,
    rowStats: Partition,
    targets: Int32Array,
  ): Promise<Comparison> {
    const { rows } = row;
    const maxima = new Float32Array(rows * 2);
    for (let r = 0; r < rows; r++) {
      maxima[2 * r] = outputStats.max[r] as number;
      maxima[2 * r + 1] = rowStats.max[r] as number;
    }
    const beside = { output, maxima };
    const { outs, targetLogits } = await this.#dispatch(row, targets, 1, 'compare', 0, rows * 2, beside);
    const kl = new Float32Array(rows);
    const targetRanks = new Int32Array(rows);
    for (let r = 0; r < rows; r++) {
      const gap = outs.reduce((n, o) => n + (o.floats[2 * r] as number), 0);
      kl[r] = klOf(gap, outputStats.sum[r] as number, rowStats.sum[r] as number);
      targetRanks[r] = outs.reduce((n, o) => n + (o.floats[2 * r + 1] as number), 0);
    }
    return { kl, targetLogits, targetRanks };
  }

  /** Gathers the targets' logits over all shares, then runs `entry` on each; reads everything back at once. */
  async #dispatch(
    logits: Logits,
    targets: Int32Array,
    perRow: number,
    entry: 'reduce' | 'compare',
    k: number,
    words: number,
    beside?: { readonly output: Logits; readonly maxima: Float32Array<ArrayBuffer> },
  ): Promise<{ outs: { floats: Float32Array; ints: Int32Array }[]; targetLogits: Float32Array }> {
    const device = this.#device;
    const scratch = new Scratch(device);
    const { STORAGE, COPY_SRC, COPY_DST, MAP_READ, UNIFORM } = GPUBufferUsage;
    try {
      const targetCount = logits.rows * perRow;
      const targetBuffer = scratch.filled(new Int32Array(targets), STORAGE);
      const found = scratch.empty(targetCount * 4, STORAGE | COPY_SRC);
      const maxima = beside && scratch.filled(beside.maxima, STORAGE);
      const results = logits.shares.map(() => scratch.empty(words * 4, STORAGE | COPY_SRC));
      const params = logits.shares.map(({ count, first }) =>
        scratch.filled(new Uint32Array([logits.rows, count, first, k, perRow, 0, 0, 0]), UNIFORM),
      );
      const readback = scratch.empty((targetCount + words * results.length) * 4, MAP_READ | COPY_DST);
      const encoder = device.createCommandEncoder();
      const run = (name: Entry, s: number, groups: number): void => {
        const buffers: (GPUBuffer | undefined)[] = [
          params[s],
          gpuBufferOf(logits.shares[s] as LogitShare),
          targetBuffer,
          found,
          results[s],
          beside && gpuBufferOf(beside.output.shares[s] as LogitShare),
          maxima,
        ];
        const pipeline = this.#pipelines[name];
        const entries = USES[name].map((binding) => ({
          binding,
          resource: { buffer: buffers[binding] as GPUBuffer },
        }));
        const pass = encoder.beginComputePass({ label: name });
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
        pass.dispatchWorkgroups(groups);
        pass.end();
      };
      logits.shares.forEach((_, s) => {
        if (targetCount > 0) run('gather', s, Math.ceil(targetCount / LANES));
      });
      logits.shares.forEach((_, s) => run(entry, s, logits.rows));
      if (targetCount > 0) encoder.copyBufferToBuffer(found, 0, readback, 0, targetCount * 4);
      results.forEach((result, s) => {
        encoder.copyBufferToBuffer(result, 0, readback, (targetCount + s * words) * 4, words * 4);
      });
      device.queue.submit([encoder.finish()]);
      await readback.mapAsync(GPUMapMode.READ);
      const copy = readback.getMappedRange().slice(0);
      readback.unmap();
      return {
        targetLogits: new Float32Array(copy, 0, targetCount),
        outs: results.map((_, s) => {
          const at = (targetCount + s * words) * 4;
          return { floats: new Float32Array(copy, at, words), ints: new Int32Array(copy, at, words) };
        }),
      };
    } finally {
      scratch.destroy();
    }
  }
}
