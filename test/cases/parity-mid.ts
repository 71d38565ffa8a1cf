/**
 * Cases: the lens of the states between attention and MLP, by definition from their goldens (final norm and
 * unembedding of `hook_resid_mid`, in doubles), and a run without them, which they must not change.
 */
import { NO_DEVIATION, TOLERANCE, topDeviation, worse } from './compare.ts';
import { golden } from './golden.ts';
import * as reference from './lens-reference.ts';
import type { ParityModel } from './parity-models.ts';
import type { Finding, ModelRun, ParityCase } from './parity-run.ts';
import type { LateReadings, LayerReadings } from '../../shared/lens/readings.ts';

const HOOK = 'blocks.*.hook_resid_mid';

/** None for parallel blocks, which have no such state, and where its goldens belong to another entry. */
export function midCases({ lacks, elsewhere }: ParityModel): readonly ParityCase[] {
  if (lacks.includes(HOOK)) return [refused];
  return elsewhere.includes(HOOK) ? [] : [midRows];
}

async function streamed(run: ModelRun, prompt: number): Promise<[LayerReadings[], LateReadings]> {
  const rows: LayerReadings[] = [];
  let late: LateReadings | undefined;
  const subject = await run.subject();
  for await (const event of subject.stream(await run.ids(prompt), { lens: { k: 10, mid: true } })) {
    if (event.type === 'readings') rows.push(event.readings);
    if (event.type === 'late') late = event.late;
  }
  if (!late) throw new Error('the stream ended without its late readings');
  return [rows, late];
}

const midRows: ParityCase = {
  name: 'lens: rows after attention, by definition',
  async run(run): Promise<Finding> {
    const [goldens, weights] = [await run.goldens(), await run.lensWeights()];
    let [found, cells] = [NO_DEVIATION, 0];
    for (const prompt of await run.prompts()) {
      if (!goldens.has(`${prompt}.blocks.0.hook_resid_mid`)) continue;
      const [rows, late] = await streamed(run, prompt);
      const plain = await run.streamed(prompt);
      const order = rows.map(({ layer, mid }) => (mid ? layer - 0.5 : layer));
      if (order.some((at, i) => at !== (i === 0 ? -1 : (i - 1) / 2 - 0.5))) {
        throw new Error(`expected each mid-block row before its layer's own, got ${order.join(', ')}`);
      }
      if (late.convergence.join() !== plain.late.convergence.join()) {
        throw new Error('mid-block rows changed where answers settle');
      }
      for (const [i, row] of rows.entries()) {
        const see = (worst: number, what: string, pos: number): void => {
          found = worse(found, { worst, at: `prompt ${prompt}, layer ${row.layer}, pos ${pos}: ${what}` });
        };
        const own = plain.rows.get(row.layer);
        if (!row.mid) {
          if (own?.topLogprobs.join() !== row.topLogprobs.join()) see(Infinity, 'changed by mid', 0);
          continue;
        }
        const { data, shape } = golden(goldens, `${prompt}.blocks.${row.layer}.hook_resid_mid`);
        const [positions = 0, width = 0] = shape;
        for (let pos = 0; pos < positions; pos++) {
          const theirs = reference.readState(data.subarray(pos * width, (pos + 1) * width), weights);
          const cut = <T extends Int32Array | Float32Array>(all: T): T =>
            all.subarray(pos * row.k, (pos + 1) * row.k) as T;
          const ours = { ids: cut(row.topIds), logprobs: cut(row.topLogprobs) };
          see(topDeviation(ours, reference.topOf(theirs, row.k)).worst, 'top', pos);
          see(Math.abs((row.entropy[pos] as number) - theirs.entropy), 'entropy', pos);
          const output = reference.distribution(outputOf(goldens, prompt, pos));
          see(Math.abs((late.kl[i]?.[pos] ?? NaN) - reference.divergence(output, theirs)), 'KL', pos);
          for (const target of [row.input, row.next, late.final[i]]) {
            const id = target?.ids[pos] ?? -1;
            if (!target || id < 0) continue;
            const right = reference.isRank(theirs, id, target.ranks[pos] as number);
            const gap = Math.abs((target.logprobs[pos] as number) - (theirs.logprobs[id] as number));
            see(right ? gap : Infinity, `target ${id}`, pos);
          }
          cells++;
        }
      }
    }
    if (cells === 0) throw new Error('no cells');
    return { worst: found.worst, bound: TOLERANCE.logprob, detail: `${cells} cells, worst at ${found.at}` };
  },
};

function outputOf(
  goldens: Awaited<ReturnType<ModelRun['goldens']>>,
  prompt: number,
  pos: number,
): Float32Array {
  const { data, shape } = golden(goldens, `${prompt}.logits`);
  const vocab = shape[1] ?? 0;
  return data.subarray(pos * vocab, (pos + 1) * vocab);
}

const refused: ParityCase = {
  name: 'lens: rows after attention are refused by name',
  async run(run): Promise<Finding> {
    const [prompt = NaN] = await run.prompts();
    const said = await streamed(run, prompt).then(
      () => 'nothing',
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    return { worst: /parallel.*Leave mid out/.test(said) ? 0 : 1, bound: 0, detail: said };
  },
};
