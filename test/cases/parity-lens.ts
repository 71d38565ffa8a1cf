/**
 * Cases: the lens. Top ids and log-probabilities against the goldens; entropy, KL, targets, ranks and convergence
 * against their definitions, computed in doubles from golden states and the model's own file.
 */
import { NO_DEVIATION, TOLERANCE, topDeviation, worse } from './compare.ts';
import { golden } from './golden.ts';
import * as reference from './lens-reference.ts';
import type { Distribution } from './lens-reference.ts';
import type { TargetReadings } from '../../shared/lens/readings.ts';
import type { Finding, ModelRun, ParityCase, Streamed } from './parity-run.ts';

const K = 10;

/** What the definitions say of one prompt. */
export interface Expected {
  readonly ids: readonly number[];
  /** −1, 0, … n−1. */
  readonly layers: readonly number[];
  /** By layer, then position. */
  readonly rows: ReadonlyMap<number, readonly Distribution[]>;
  /** The model's output, from the golden logits, by position. */
  readonly output: readonly Distribution[];
}

const expectations = new WeakMap<ModelRun, Map<number, Promise<Expected>>>();

export function expected(run: ModelRun, prompt: number): Promise<Expected> {
  const kept = expectations.get(run) ?? new Map<number, Promise<Expected>>();
  expectations.set(run, kept);
  const found = kept.get(prompt) ?? expect(run, prompt);
  kept.set(prompt, found);
  return found;
}

async function expect(run: ModelRun, prompt: number): Promise<Expected> {
  const [goldens, lens] = [await run.goldens(), await run.lensWeights()];
  const nLayers = [...goldens.keys()].filter((key) => /^0\.lens\.\d+\.top_ids$/.test(key)).length;
  const layers = [-1, ...Array.from({ length: nLayers }, (_, l) => l)];
  const rows = new Map<number, Distribution[]>();
  for (const layer of layers) {
    const name = layer < 0 ? 'blocks.0.hook_resid_pre' : `blocks.${layer}.hook_resid_post`;
    rows.set(
      layer,
      vectors(golden(goldens, `${prompt}.${name}`)).map((x) => reference.readState(x, lens)),
    );
  }
  const output = vectors(golden(goldens, `${prompt}.logits`)).map(reference.distribution);
  return { ids: await run.ids(prompt), layers, rows, output };
}

function vectors({ data, shape }: { data: Float32Array; shape: readonly number[] }): Float32Array[] {
  const [size = 0, width = 0] = shape;
  return Array.from({ length: size }, (_, pos) => data.subarray(pos * width, (pos + 1) * width));
}

/** One cell of one prompt's table, ours and the definition's. */
interface Cell {
  readonly streamed: Streamed;
  readonly wanted: Expected;
  readonly layer: number;
  readonly row: number;
  readonly pos: number;
  readonly theirs: Distribution;
}

/** A case that looks at every cell and gives |Δ| for each; Infinity for what no tolerance covers. */
function cellCase(
  name: string,
  bound: number,
  deviation: (cell: Cell, run: ModelRun) => number | Promise<number>,
): ParityCase {
  return {
    name,
    async run(run): Promise<Finding> {
      let [found, cells] = [NO_DEVIATION, 0];
      for (const prompt of await run.prompts()) {
        const [streamed, wanted] = [await run.streamed(prompt), await expected(run, prompt)];
        if (streamed.rows.size !== wanted.layers.length) {
          throw new Error(`expected ${wanted.layers.length} rows, got ${streamed.rows.size}`);
        }
        for (const [row, layer] of wanted.layers.entries()) {
          for (const [pos, theirs] of (wanted.rows.get(layer) ?? []).entries()) {
            const worst = await deviation({ streamed, wanted, layer, row, pos, theirs }, run);
            found = worse(found, { worst, at: `prompt ${prompt}, layer ${layer}, pos ${pos}` });
            cells++;
          }
        }
      }
      if (cells === 0) throw new Error('no cells');
      return { worst: found.worst, bound, detail: `${cells} cells, worst at ${found.at || 'none'}` };
    },
  };
}

function readings({ streamed, layer }: Cell) {
  const found = streamed.rows.get(layer);
  if (!found) throw new Error(`no readings of layer ${layer}`);
  return found;
}

/** |Δ log p| of a target, Infinity when its id or rank is wrong. */
function targetDeviation(ours: TargetReadings, { pos, theirs }: Cell, id: number): number {
  if (ours.ids[pos] !== id) return Infinity;
  if (id < 0) return Number.isNaN(ours.logprobs[pos]) && ours.ranks[pos] === -1 ? 0 : Infinity;
  if (!reference.isRank(theirs, id, ours.ranks[pos] as number)) return Infinity;
  return Math.abs((ours.logprobs[pos] as number) - (theirs.logprobs[id] as number));
}

function ourTop(cell: Cell) {
  const { topIds, topLogprobs, k } = readings(cell);
  const part = (all: Int32Array | Float32Array) => all.subarray(cell.pos * k, (cell.pos + 1) * k);
  return { ids: part(topIds), logprobs: part(topLogprobs) };
}

const goldenTop: ParityCase = {
  name: 'lens: top ten of each layer, against the goldens',
  async run(run) {
    let [found, compared] = [NO_DEVIATION, 0];
    for (const prompt of await run.prompts()) {
      const { rows } = await run.streamed(prompt);
      for (const [layer, { topIds, topLogprobs }] of rows) {
        if (layer < 0) continue;
        const ids = golden(await run.goldens(), `${prompt}.lens.${layer}.top_ids`).data;
        const logprobs = golden(await run.goldens(), `${prompt}.lens.${layer}.top_logprobs`).data;
        if (topIds.length !== ids.length) throw new Error(`expected ${ids.length} ids, got ${topIds.length}`);
        for (let at = 0; at < ids.length; at += K) {
          const cut = (all: Int32Array | Float32Array) => all.subarray(at, at + K);
          const deviation = topDeviation(
            { ids: cut(topIds), logprobs: cut(topLogprobs) },
            { ids: cut(ids), logprobs: cut(logprobs) },
          );
          found = worse(found, {
            ...deviation,
            at: `${prompt}.lens.${layer}, pos ${at / K} ${deviation.at}`,
          });
          compared++;
        }
      }
    }
    if (compared === 0) throw new Error('no cells');
    return {
      worst: found.worst,
      bound: TOLERANCE.logprob,
      detail: `${compared} cells, worst at ${found.at}`,
    };
  },
};

/** The first layer from which `isFinal` holds through to the end, given one that the engine names. */
function isConvergence({ wanted, pos }: Cell, layer: number, finalId: number): boolean {
  const first = wanted.layers.indexOf(layer);
  if (first < 0) return false;
  const at = (row: number) => wanted.rows.get(wanted.layers[row] as number)?.[pos];
  const stays = wanted.layers.slice(first).every((l) => {
    const d = wanted.rows.get(l)?.[pos];
    return d !== undefined && reference.isTop(d, finalId);
  });
  const before = first === 0 ? undefined : at(first - 1);
  // The row before must have another top token, or one that ties.
  const other = before?.logprobs.some(
    (l, id) => id !== finalId && l >= (before.logprobs[finalId] as number) - TOLERANCE.logprob,
  );
  return stays && (before === undefined || other === true);
}

const selfChecks: ParityCase = {
  name: 'lens: own checks',
  async run(run) {
    const wrong: string[] = [];
    for (const prompt of await run.prompts()) {
      const { checks } = await run.streamed(prompt);
      for (const name of ['output', 'writes', 'attention'] as const) {
        const check = checks.find((c) => c.name === name);
        if (check?.status !== 'pass' || !(check.value <= check.bound)) {
          wrong.push(`prompt ${prompt}: ${name}: ${check ? `${check.status}, ${check.value}` : 'missing'}`);
        }
      }
    }
    return { worst: wrong.length, bound: 0, detail: wrong.join('; ') || 'output, writes, attention' };
  },
};

const givenStates: ParityCase = {
  name: 'lens: of given states',
  async run(run) {
    const goldens = await run.goldens();
    const weights = await run.lensWeights();
    const [prompt = NaN] = await run.prompts();
    const states = golden(goldens, `${prompt}.blocks.1.hook_resid_post`);
    const [rows = 0, width = 0] = states.shape;
    const vocab = weights.unembed.length / width;
    const perRow = 3;
    const targets = Int32Array.from({ length: rows * perRow }, (_, i) =>
      i % 5 === 4 ? -1 : (i * 37) % vocab,
    );
    const k = 7;
    const ours = await (await run.subject()).lens(states.data, { k, targets });
    let found = NO_DEVIATION;
    const see = (worst: number, at: string): void => {
      found = worse(found, { worst, at });
    };
    for (let row = 0; row < rows; row++) {
      const theirs = reference.readState(states.data.subarray(row * width, (row + 1) * width), weights);
      const top = {
        ids: ours.topIds.subarray(row * k, (row + 1) * k),
        logprobs: ours.topLogprobs.subarray(row * k, (row + 1) * k),
      };
      see(topDeviation(top, reference.topOf(theirs, k)).worst, `row ${row}: top`);
      see(Math.abs((ours.entropy[row] as number) - theirs.entropy), `row ${row}: entropy`);
      see(Math.abs((ours.logZ[row] as number) - theirs.logZ), `row ${row}: logZ`);
      for (let i = row * perRow; i < (row + 1) * perRow; i++) {
        const [id, logprob, rank] = [targets[i], ours.targetLogprobs[i], ours.targetRanks[i]] as [
          number,
          number,
          number,
        ];
        const none = id < 0;
        const right = none ? Number.isNaN(logprob) && rank === -1 : reference.isRank(theirs, id, rank);
        const gap = none ? 0 : Math.abs(logprob - (theirs.logprobs[id] as number));
        see(right ? gap : Infinity, `row ${row}: target ${id}`);
      }
    }
    return { worst: found.worst, bound: TOLERANCE.logprob, detail: `${rows} states, worst at ${found.at}` };
  },
};

export const lensCases: readonly ParityCase[] = [
  goldenTop,
  cellCase('lens: top ten of each row, by definition', TOLERANCE.logprob, (cell) => {
    return topDeviation(ourTop(cell), reference.topOf(cell.theirs, K)).worst;
  }),
  cellCase('lens: entropy', TOLERANCE.nats, (cell) => {
    return Math.abs((readings(cell).entropy[cell.pos] as number) - cell.theirs.entropy);
  }),
  cellCase('lens: KL to the output', TOLERANCE.nats, ({ streamed, wanted, row, pos, theirs }) => {
    const kl = reference.divergence(wanted.output[pos] as Distribution, theirs);
    const ours = streamed.late.kl[row]?.[pos] ?? NaN;
    return ours < 0 ? Infinity : Math.abs(ours - kl);
  }),
  cellCase('lens: the input token', TOLERANCE.logprob, (cell) => {
    return targetDeviation(readings(cell).input, cell, cell.wanted.ids[cell.pos] ?? -1);
  }),
  cellCase('lens: the next token', TOLERANCE.logprob, (cell) => {
    return targetDeviation(readings(cell).next, cell, cell.wanted.ids[cell.pos + 1] ?? -1);
  }),
  cellCase('lens: the final token', TOLERANCE.logprob, (cell) => {
    const { finalIds, final } = cell.streamed.late;
    const id = finalIds[cell.pos] ?? -1;
    const ours = final[cell.row];
    if (!ours || !reference.isTop(cell.wanted.output[cell.pos] as Distribution, id)) return Infinity;
    return targetDeviation(ours, cell, id);
  }),
  cellCase('lens: convergence', 0, (cell) => {
    const { convergence, finalIds } = cell.streamed.late;
    const layer = convergence[cell.pos] ?? NaN;
    return isConvergence(cell, layer, finalIds[cell.pos] ?? -1) ? 0 : Infinity;
  }),
  selfChecks,
  givenStates,
];
