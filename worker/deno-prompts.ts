/** Prompts in Deno KV. */
import type { PromptStore } from './ports.ts';

/** Bytes that one value of Deno KV may have, with a little room for how it is packed. */
const LARGEST = 65_536 - 1024;
/** Milliseconds: a month. Entries never go stale, they only cost. */
const KEEP = 30 * 24 * 3600 * 1000;

export class DenoPrompts implements PromptStore {
  readonly #kv: Deno.Kv;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  async get(key: string): Promise<string | undefined> {
    const { value } = await this.#kv.get<Uint8Array>(['prompts', key], { consistency: 'eventual' });
    return value === null ? undefined : unpacked(value);
  }

  /** What is too large even packed (texts of several kB of rare characters) is tokenized again each time. */
  async put(key: string, value: string): Promise<void> {
    const bytes = await packed(value);
    if (bytes.byteLength > LARGEST) return;
    await this.#kv.set(['prompts', key], bytes, { expireIn: KEEP });
  }
}

async function packed(text: string): Promise<Uint8Array> {
  return new Uint8Array(
    await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer(),
  );
}

function unpacked(bytes: Uint8Array): Promise<string> {
  const stream = new Blob([new Uint8Array(bytes)]).stream();
  return new Response(stream.pipeThrough(new DecompressionStream('gzip'))).text();
}
