/** Models that ship with the server: their tokenizers are read from its own static files. */
import type { TokenizerPort } from '../shared/tokenizer/encoding.ts';
import { Tokenizer } from '../shared/tokenizer/tokenizer.ts';
import type { ModelInfo, ModelVersion, TokenizerSource } from './ports.ts';
import { unknownModel } from './unknown-model.ts';

/** All is known of what ships with the server. */
export type EmbeddedModel = ModelInfo & {
  readonly contextLength: number;
  readonly tokenizerBytes: number;
  readonly tokenizerHash: string;
};

/** Sizes and hashes are of the files under site/public; a test compares them. */
export const EMBEDDED_MODELS: readonly EmbeddedModel[] = [
  {
    id: 'fable-4m',
    source: 'embedded',
    family: 'gpt2',
    license: 'Apache-2.0',
    gated: false,
    parameters: 4_394_880,
    layers: 8,
    width: 192,
    contextLength: 256,
    vocabSize: 4096,
    weightBytes: 8_798_272,
    tokenizerBytes: 262_563,
    tokenizerHash: '91222d28634f3035287efc394dde35a069b7612652318caa6f49dadadc4fe8cc',
    files: '/models/fable-4m/',
  },
];

/** Reads a static file as JSON: `/models/fable-4m/tokenizer.json`. @throws when it isn't there. */
export type ReadAsset = (path: string) => Promise<unknown>;

export class EmbeddedTokenizers implements TokenizerSource {
  readonly #read: ReadAsset;
  // Finished tokenizers only: a request must not wait for another request's reading, which ends with its caller.
  readonly #loaded = new Map<string, TokenizerPort>();

  constructor(read: ReadAsset) {
    this.#read = read;
  }

  models(): readonly ModelInfo[] {
    return EMBEDDED_MODELS;
  }

  /** The only version there is; undefined when the model isn't embedded. */
  find(id: string): ModelVersion | undefined {
    const model = EMBEDDED_MODELS.find((each) => each.id === id);
    return model && { id, key: model.tokenizerHash };
  }

  resolve(id: string): Promise<ModelVersion> {
    const version = this.find(id);
    if (version) return Promise.resolve(version);
    const known = EMBEDDED_MODELS.map((model) => model.id);
    return Promise.reject(unknownModel(id, known));
  }

  async load({ id }: ModelVersion): Promise<TokenizerPort> {
    const loaded = this.#loaded.get(id);
    if (loaded) return loaded;
    const model = EMBEDDED_MODELS.find((each) => each.id === id);
    if (!model) throw unknownModel(id, []);
    const [json, config] = await Promise.all(
      ['tokenizer.json', 'tokenizer_config.json'].map((file) => this.#read(`${model.files}${file}`)),
    );
    const tokenizer = Tokenizer.fromJson(json, config, id);
    this.#loaded.set(id, tokenizer);
    return tokenizer;
  }
}
