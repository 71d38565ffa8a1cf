/** All models that a server tokenizes for: its own, and the hub's that it may fetch. */
import type { TokenizerPort } from '../shared/tokenizer/encoding.ts';
import type { HubTokenizers } from './hub/tokenizers.ts';
import type { EmbeddedTokenizers } from './models.ts';
import type { ModelInfo, ModelVersion, TokenizerSource } from './ports.ts';
import { unknownModel } from './unknown-model.ts';

export class AllTokenizers implements TokenizerSource {
  readonly #embedded: EmbeddedTokenizers;
  readonly #hub: HubTokenizers;

  constructor(embedded: EmbeddedTokenizers, hub: HubTokenizers) {
    this.#embedded = embedded;
    this.#hub = hub;
  }

  models(): readonly ModelInfo[] {
    return [...this.#embedded.models(), ...this.#hub.models()];
  }

  async resolve(id: string): Promise<ModelVersion> {
    const embedded = this.#embedded.find(id);
    if (embedded) return embedded;
    if (this.#hub.allows(id)) return this.#hub.resolve(id);
    throw unknownModel(
      id,
      this.models().map((model) => model.id),
    );
  }

  load(version: ModelVersion): Promise<TokenizerPort> {
    return version.revision === undefined ? this.#embedded.load(version) : this.#hub.load(version);
  }
}
