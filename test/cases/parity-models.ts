/**
 * The models under the parity cases: every folder of the shared goldens, and the embedded model. Written out here and
 * not read from the engine's specs: a table that agreed with them by construction would hold nothing.
 *
 * Where the shared goldens are of a model that was cast as a whole, the folder stands here twice: opened as usual,
 * against TransformerLens's numbers, and with constants cast likewise, against the shared ones. See
 * test/goldens/README.md.
 */
import type { ConstantPrecision } from '../../shared/spec/constants.ts';

/** The final norm and the unembedding, as the definition needs them. */
export interface ReadoutSource {
  readonly norm: 'layer' | 'rms';
  readonly eps: number;
  /** What the stored gain lacks: 1 in Gemma's files. */
  readonly offset: number;
  /** Path of the final norm's tensors. */
  readonly finalNorm: string;
  readonly unembed: string;
}

/** A model with goldens. */
export interface ParityModel {
  readonly name: string;
  readonly folder: string;
  /** Files of weights in the folder. */
  readonly files: readonly string[];
  readonly goldens: readonly string[];
  /** Precision of the constants that no file stores. */
  readonly constants: ConstantPrecision;
  readonly readout: ReadoutSource;
  /** Hooks that the family doesn't have, in the pattern's form: `blocks.*.hook_resid_mid`. */
  readonly lacks: readonly string[];
  /** Hooks whose golden belongs to the folder's other entry. */
  readonly elsewhere: readonly string[];
  /** Whether batches, padding and pasts are run: for a few models that differ in what these meet. */
  readonly batches: boolean;
}

const ROTARY = ['blocks.*.attn.hook_rot_q', 'blocks.*.attn.hook_rot_k'];
const LEARNED = ['hook_pos_embed'];
const MID = ['blocks.*.hook_resid_mid'];

/** What the shared goldens have no golden of. */
const NOT_SHARED = [
  'hook_embed',
  'hook_pos_embed',
  'blocks.*.attn.hook_q',
  'blocks.*.attn.hook_k',
  'blocks.*.attn.hook_v',
  ...ROTARY,
  'blocks.*.attn.hook_attn_scores',
  'blocks.*.attn.hook_result',
  ...MID,
  'blocks.*.mlp.hook_pre',
];

const DEFAULTS = {
  files: ['model.safetensors'],
  constants: 'f32',
  elsewhere: [],
  batches: false,
} as const;

const LAYER_NORM = { norm: 'layer', eps: 1e-5, offset: 0 } as const;
const RMS_NORM = { norm: 'rms', eps: 1e-6, offset: 0 } as const;

const NEOX_READOUT = {
  ...LAYER_NORM,
  finalNorm: 'gpt_neox.final_layer_norm',
  unembed: 'embed_out.weight',
} as const;

const UNTIED = { ...RMS_NORM, finalNorm: 'model.norm', unembed: 'lm_head.weight' } as const;
const TIED = { ...UNTIED, unembed: 'model.embed_tokens.weight' } as const;

type Given = Pick<ParityModel, 'readout' | 'lacks'> & Partial<ParityModel>;

const shards = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `model-0000${i + 1}-of-0000${count}.safetensors`);

/** A folder whose shared goldens are of the model as it is stored. */
function stored(name: string, given: Given): ParityModel {
  const folder = given.folder ?? `shared/goldens/${name}`;
  const goldens = [`${folder}/golden.safetensors`, `test/goldens/${name}-hooks.safetensors`];
  return { ...DEFAULTS, name, folder, goldens, ...given };
}

/** A folder whose shared goldens are of a model that was cast: two entries. */
function cast(name: string, constants: ConstantPrecision, given: Given): ParityModel[] {
  const folder = `shared/goldens/${name}`;
  const own = { ...DEFAULTS, name, folder, goldens: [`test/goldens/${name}-hooks.safetensors`] };
  const elsewhere = NOT_SHARED.filter((hook) => !given.lacks.includes(hook));
  const goldens = [`${folder}/golden.safetensors`];
  return [
    { ...own, ...given, batches: false },
    { ...own, ...given, name: `${name} cast to ${constants}`, goldens, constants, elsewhere },
  ];
}

export const PARITY_MODELS: readonly ParityModel[] = [
  stored('gpt2', {
    readout: { ...LAYER_NORM, finalNorm: 'transformer.ln_f', unembed: 'transformer.wte.weight' },
    lacks: ROTARY,
    batches: true,
  }),
  stored('fable-4m', {
    folder: 'shared/models/fable-4m',
    readout: { ...LAYER_NORM, finalNorm: 'ln_f', unembed: 'wte.weight' },
    lacks: ROTARY,
  }),
  stored('gpt_neo', {
    readout: { ...LAYER_NORM, finalNorm: 'transformer.ln_f', unembed: 'transformer.wte.weight' },
    lacks: ROTARY,
  }),
  ...cast('gpt_neox', 'f16', { readout: NEOX_READOUT, lacks: [...LEARNED, ...MID], files: shards(3) }),
  stored('gpt_neox_sequential', { readout: NEOX_READOUT, lacks: LEARNED }),
  ...cast('llama', 'bf16', { readout: TIED, lacks: LEARNED }),
  stored('llama_scaled', { readout: UNTIED, lacks: LEARNED }),
  ...cast('mistral', 'bf16', { readout: UNTIED, lacks: LEARNED, batches: true }),
  ...cast('qwen2', 'bf16', { readout: TIED, lacks: LEARNED }),
  ...cast('qwen3', 'bf16', { readout: TIED, lacks: LEARNED, files: shards(2) }),
  // The gain is 1 + what is stored.
  ...cast('gemma3_text', 'bf16', { readout: { ...TIED, offset: 1 }, lacks: LEARNED, batches: true }),
];

/** The models of these names, in order. @throws {Error} for a name that none has. */
function named(names: readonly string[]): ParityModel[] {
  return names.map((name) => {
    const found = PARITY_MODELS.find((model) => model.name === name);
    if (!found) throw new Error(`no parity model named ${name}`);
    return found;
  });
}

/**
 * For WebGPU on SwiftShader in a browser, where a model takes many seconds of compiling: every folder against its
 * shared goldens. Constants come from the same JavaScript on every device, so that of the folders that stand here twice
 * two are enough: all hooks of parallel blocks, and of grouped heads with norms and windows.
 */
export const WEBGPU_MODELS: readonly ParityModel[] = PARITY_MODELS.filter(
  ({ name }) => !['llama', 'mistral', 'qwen2', 'qwen3'].includes(name),
);

/** For WebGPU in Node, the same graphs on the same driver: a sequential, a parallel and a windowed family. */
export const WEBGPU_NODE_MODELS: readonly ParityModel[] = named([
  'gpt2',
  'gpt_neox',
  'gemma3_text cast to bf16',
]);
