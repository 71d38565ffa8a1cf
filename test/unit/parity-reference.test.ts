/** The parity cases against plain loops: they pass, and each one fails when the numbers it looks at are wrong. */
import { describe, expect, it } from 'vitest';
import type {
  HookTensor,
  LensOptions,
  LensReadout,
  StreamEvent,
  StreamOptions,
  WeightTensor,
} from '../../engine/api.ts';
import type { LateReadings, LayerReadings } from '../../shared/lens/readings.ts';
import { casesOf, PARITY_MODELS, resultOf, runParity } from '../cases/parity.ts';
import { ModelRun, type ParitySubject } from '../cases/parity-run.ts';
import { readBytes, sharedMissing } from '../support/addresses.ts';
import { parityTests } from '../support/parity-tests.ts';
import { ReferenceModel } from '../support/reference-model.ts';

const SMALL = PARITY_MODELS.filter((model) => model.name === 'gpt2');

function load(folder: string): Promise<ReferenceModel> {
  return ReferenceModel.load((file) => readBytes(`${folder}/${file}`));
}

parityTests('plain JavaScript', undefined, () => runParity({ load, readBytes }, SMALL), SMALL);

/** Passes everything on, one thing changed. */
class Wrong implements ParitySubject {
  readonly #right: ParitySubject;
  readonly #case: string;

  constructor(right: ParitySubject, name: string) {
    this.#right = right;
    this.#case = name;
  }

  async runWithCache(
    ids: readonly number[] | readonly (readonly number[])[],
  ): Promise<ReadonlyMap<string, HookTensor>> {
    const tensors = new Map(await this.#right.runWithCache(ids));
    if (this.#case.startsWith('batch')) {
      return Array.isArray(ids[0]) ? shifted(tensors, 'blocks.2.attn.hook_pattern') : tensors;
    }
    const wanted = this.#case === 'top ten of the output' ? 'logits' : this.#case;
    for (const [name, tensor] of tensors) {
      if (name.replace(/^blocks\.2\./, 'blocks.*.') !== wanted) continue;
      const data = Float32Array.from(await tensor.data());
      data[data.length - 1] = (data.at(-1) ?? NaN) * 1.5 + 0.1;
      tensors.set(name, { ...tensor, data: () => Promise.resolve(data) });
    }
    if (this.#case === 'every hook has a golden') tensors.delete('blocks.0.mlp.hook_pre');
    return tensors;
  }

  async runWithPast(
    ids: readonly number[] | readonly (readonly number[])[],
    options: { readonly hooks?: readonly string[]; readonly past?: unknown } = {},
  ) {
    const { cache, past } = await this.#right.runWithPast(ids, options);
    // Wrong only where there is a past.
    return { cache: options.past ? shifted(cache, 'blocks.2.hook_resid_post') : cache, past };
  }

  async lens(states: Float32Array, options?: LensOptions): Promise<LensReadout> {
    const readout = await this.#right.lens(states, options);
    const ranks = readout.targetRanks;
    return { ...readout, targetRanks: changed(ranks, 0, (ranks.at(0) ?? NaN) + 40) };
  }

  async *stream(ids: readonly number[], options?: StreamOptions): AsyncGenerator<StreamEvent> {
    for await (const event of this.#right.stream(ids, options)) {
      if (event.type === 'readings' && event.readings.layer === 1) {
        yield { type: 'readings', readings: { ...event.readings, ...this.#wrongReadings(event.readings) } };
      } else if (event.type === 'late') {
        yield { type: 'late', late: { ...event.late, ...this.#wrongLate(event.late) } };
      } else if (event.type === 'checks' && this.#case.includes('own checks')) {
        yield { type: 'checks', checks: event.checks.slice(1) };
      } else yield event;
    }
  }

  #wrongReadings(readings: LayerReadings): Partial<LayerReadings> {
    const { input, next, entropy, topIds } = readings;
    switch (this.#case) {
      case 'lens: top ten of each layer, against the goldens':
      case 'lens: top ten of each row, by definition':
        return { topIds: changed(topIds, 0, topIds.at(1) ?? -1) };
      case 'lens: rows after attention, by definition':
        return readings.mid ? { entropy: changed(entropy, 2, (entropy.at(2) ?? NaN) + 2e-3) } : {};
      case 'lens: entropy':
        return { entropy: changed(entropy, 2, (entropy.at(2) ?? NaN) + 2e-3) };
      case 'lens: the input token':
        return { input: { ...input, ranks: changed(input.ranks, 3, (input.ranks.at(3) ?? NaN) + 9) } };
      case 'lens: the next token':
        return { next: { ...next, ids: changed(next.ids, next.ids.length - 1, 0) } };
      default:
        return {};
    }
  }

  #wrongLate({ kl, final, convergence }: LateReadings): Partial<LateReadings> {
    switch (this.#case) {
      case 'lens: KL to the output':
        return { kl: kl.map((row) => changed(row, 1, (row.at(1) ?? NaN) - 2e-3)) };
      case 'lens: the final token':
        return { final: final.map((f) => ({ ...f, logprobs: changed(f.logprobs, 1, NaN) })) };
      case 'lens: convergence':
        return { convergence: convergence.map((layer) => (layer === -1 ? 0 : layer - 1)) };
      default:
        return {};
    }
  }

  async *compare(...given: Parameters<ParitySubject['compare']>): ReturnType<ReferenceModel['compare']> {
    for await (const row of this.#right.compare(...given)) {
      const { klBA } = row.cells;
      yield { ...row, cells: { ...row.cells, klBA: changed(klBA, 1, (klBA.at(1) ?? NaN) + 2e-3) } };
    }
  }

  async weight(name: string): Promise<WeightTensor> {
    const tensor = await this.#right.weight(name);
    const off = this.#case.startsWith('weights') && name.endsWith('ln_f.bias');
    return off ? { ...tensor, data: tensor.data.map((x) => x + 1e-6) } : tensor;
  }

  dispose(): void {
    // Nothing is held.
  }
}

/** The tensors, one of them a little off in its first number. */
function shifted(tensors: ReadonlyMap<string, HookTensor>, name: string): ReadonlyMap<string, HookTensor> {
  const tensor = tensors.get(name);
  if (!tensor) return tensors;
  const data = async () => {
    const right = await tensor.data();
    return changed(right, 0, (right.at(0) ?? NaN) * 1.5 + 0.1);
  };
  return new Map([...tensors, [name, { ...tensor, data }]]);
}

function changed<T extends Int32Array | Float32Array>(array: T, index: number, value: number): T {
  const copy = array.slice() as T;
  copy[index] = value;
  return copy;
}

describe('a parity case fails on wrong numbers', () => {
  for (const model of SMALL) {
    for (const c of casesOf(model)) {
      it(c.name, async ({ skip }) => {
        skip(sharedMissing !== undefined, sharedMissing);
        const wrong = async (folder: string) => new Wrong(await load(folder), c.name);
        const result = await resultOf(c.name, () => c.run(new ModelRun(model, { load: wrong, readBytes })));
        expect(result.passed, result.detail).toBe(false);
        // By its own judgement, not because the wrong model broke something on the way.
        expect(result.detail).toMatch(/^worst/);
      });
    }
  }
});
