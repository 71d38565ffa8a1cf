/** GPT-2 in plain loops and doubles: slow, short, and written from the definition. */
import { decodeGoldens, golden, type Goldens, type GoldenTensor } from '../cases/golden.ts';
import { distribution, type LensWeights } from '../cases/lens-reference.ts';

const EPS = 1e-5;

/** Rows of doubles: [pos][width]. */
type Rows = Float64Array[];

interface Config {
  readonly n_layer: number;
  readonly n_head: number;
}

type Hooks = Map<string, GoldenTensor>;

export class ReferenceForward {
  readonly weights: Goldens;
  readonly #config: Config;

  constructor(config: Config, weights: Goldens) {
    this.#config = config;
    this.weights = weights;
  }

  static async load(
    readBytes: (file: string) => Promise<Uint8Array<ArrayBuffer>>,
  ): Promise<ReferenceForward> {
    const config = JSON.parse(new TextDecoder().decode(await readBytes('config.json'))) as Config;
    const weights = await decodeGoldens('model.safetensors', await readBytes('model.safetensors'));
    return new ReferenceForward(config, weights);
  }

  get nLayers(): number {
    return this.#config.n_layer;
  }

  /** The final norm and the unembedding. */
  get lens(): LensWeights {
    return {
      norm: 'layer',
      gain: this.#w('ln_f.weight'),
      bias: this.#w('ln_f.bias'),
      eps: EPS,
      unembed: this.#w('wte.weight'),
    };
  }

  #w(end: string): Float32Array {
    return golden(this.weights, this.weights.has(end) ? end : `transformer.${end}`).data;
  }

  #norm(x: Rows, name: string): Rows {
    const [gain, bias] = [this.#w(`${name}.weight`), this.#w(`${name}.bias`)];
    return x.map((row) => {
      const mean = row.reduce((a, b) => a + b, 0) / row.length;
      const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / row.length;
      return row.map(
        (v, i) => ((v - mean) / Math.sqrt(variance + EPS)) * (gain[i] ?? NaN) + (bias[i] ?? NaN),
      );
    });
  }

  /** x·W + b, W [in, out]. */
  #linear(x: Rows, name: string): Rows {
    const [w, bias] = [this.#w(`${name}.weight`), this.#w(`${name}.bias`)];
    return x.map((row) => {
      const out = Float64Array.from(bias);
      for (const [i, v] of row.entries()) {
        for (let j = 0; j < out.length; j++) out[j] = (out[j] ?? 0) + v * (w[i * out.length + j] ?? NaN);
      }
      return out;
    });
  }

  #unembed(x: Rows): Rows {
    const u = this.#w('wte.weight');
    return this.#norm(x, 'ln_f').map((row) => {
      const width = row.length;
      return Float64Array.from({ length: u.length / width }, (_, token) =>
        row.reduce((sum, v, i) => sum + v * (u[token * width + i] ?? NaN), 0),
      );
    });
  }

  /** Every hook of one prompt, without a batch axis. */
  run(ids: readonly number[]): ReadonlyMap<string, GoldenTensor> {
    const hooks: Hooks = new Map();
    const keep = (name: string, rows: Rows, ...inner: number[]): Rows => {
      const width = rows[0]?.length ?? 0;
      hooks.set(name, { shape: [rows.length, ...(inner.length ? inner : [width])], data: flat(rows) });
      return rows;
    };
    const width = this.#w('ln_f.weight').length;
    const gather = (name: string, index: readonly number[]): Rows =>
      index.map((i) => Float64Array.from(this.#w(name).subarray(i * width, (i + 1) * width)));
    let x = add(
      keep('hook_embed', gather('wte.weight', ids)),
      keep('hook_pos_embed', gather('wpe.weight', Array.from(ids.keys()))),
    );
    for (let l = 0; l < this.#config.n_layer; l++) {
      const at = `blocks.${l}.`;
      keep(`${at}hook_resid_pre`, x);
      const attn = keep(`${at}hook_attn_out`, this.#attention(l, x, hooks, keep));
      const mid = keep(`${at}hook_resid_mid`, add(x, attn));
      const pre = keep(`${at}mlp.hook_pre`, this.#linear(this.#norm(mid, `h.${l}.ln_2`), `h.${l}.mlp.c_fc`));
      const post = keep(
        `${at}mlp.hook_post`,
        pre.map((row) => row.map(geluTanh)),
      );
      const mlp = keep(`${at}hook_mlp_out`, this.#linear(post, `h.${l}.mlp.c_proj`));
      x = keep(`${at}hook_resid_post`, add(mid, mlp));
    }
    keep('ln_final.hook_normalized', this.#norm(x, 'ln_f'));
    keep('logits', this.#unembed(x));
    return hooks;
  }

  #attention(
    l: number,
    x: Rows,
    hooks: Hooks,
    keep: (name: string, rows: Rows, ...inner: number[]) => Rows,
  ): Rows {
    const at = `blocks.${l}.attn.`;
    const [size, width, heads] = [x.length, x[0]?.length ?? 0, this.#config.n_head];
    const dHead = width / heads;
    const qkv = this.#linear(this.#norm(x, `h.${l}.ln_1`), `h.${l}.attn.c_attn`);
    const [q, k, v] = ([0, 1, 2] as const).map((part) =>
      qkv.map((row) => row.slice(part * width, (part + 1) * width)),
    ) as [Rows, Rows, Rows];
    for (const [name, rows] of [
      ['hook_q', q],
      ['hook_k', k],
      ['hook_v', v],
    ] as const)
      keep(at + name, rows, heads, dHead);
    const [scores, pattern] = [
      new Float32Array(heads * size * size).fill(-1e38),
      new Float32Array(heads * size * size),
    ];
    const z = x.map(() => new Float64Array(width));
    const result = x.map(() => new Float64Array(heads * width));
    const w = this.#w(`h.${l}.attn.c_proj.weight`); // [head · d_head, d_model]
    for (let h = 0; h < heads; h++) {
      for (let dest = 0; dest < size; dest++) {
        const row = Float64Array.from({ length: dest + 1 }, (_, src) => {
          let sum = 0;
          for (let e = h * dHead; e < (h + 1) * dHead; e++)
            sum += (q[dest]?.[e] ?? NaN) * (k[src]?.[e] ?? NaN);
          return sum / Math.sqrt(dHead);
        });
        const weights = distribution(row).logprobs.map(Math.exp);
        scores.set(row, (h * size + dest) * size);
        pattern.set(weights, (h * size + dest) * size);
        const [zRow, resultRow] = [z[dest] as Float64Array, result[dest] as Float64Array];
        for (let e = h * dHead; e < (h + 1) * dHead; e++) {
          zRow[e] = weights.reduce((sum, a, src) => sum + a * (v[src]?.[e] ?? NaN), 0);
          for (let d = 0; d < width; d++) {
            resultRow[h * width + d] =
              (resultRow[h * width + d] ?? 0) + (zRow[e] ?? NaN) * (w[e * width + d] ?? NaN);
          }
        }
      }
    }
    hooks.set(`${at}hook_attn_scores`, { shape: [heads, size, size], data: scores });
    hooks.set(`${at}hook_pattern`, { shape: [heads, size, size], data: pattern });
    keep(`${at}hook_z`, z, heads, dHead);
    keep(`${at}hook_result`, result, heads, width);
    return this.#linear(z, `h.${l}.attn.c_proj`);
  }
}

function add(a: Rows, b: Rows): Rows {
  return a.map((row, pos) => row.map((v, i) => v + (b[pos]?.[i] ?? NaN)));
}

function flat(rows: Rows): Float32Array {
  return Float32Array.from(rows.flatMap((row) => Array.from(row)));
}

function geluTanh(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}
