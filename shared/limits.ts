/** Bounds on what comes from outside, in one place, for the edge, the page and the command line. */
export const LIMITS = {
  /** UTF-8 bytes of one text. */
  textBytes: 16 * 1024,
  /** UTF-8 bytes of a text in a query string. */
  queryTextBytes: 2 * 1024,
  /** Texts in one tokenize call. */
  texts: 64,
  /** Ids in one detokenize call: a token of a byte-level vocabulary stands for a byte or more. */
  ids: 16 * 1024,
  /** Bytes of a request body to tokenize: 64 texts, each byte escaped as \uXXXX at worst. */
  tokenizeBodyBytes: 64 * 16 * 1024 * 6 + 64 * 1024,
  /** Bytes of a request body to detokenize: ids of up to seven digits, with white space. */
  detokenizeBodyBytes: 16 * 1024 * 16,
  /** Bytes of a stored trace. */
  traceBytes: 2 * 1024 * 1024,
  /** Bytes of a safetensors header (the format's own limit). */
  safetensorsHeaderBytes: 100_000_000,
  /** Bytes of a GGUF header, vocabulary included: Gemma's are about 8 MB. */
  ggufHeaderBytes: 100_000_000,
  /** Bytes of a model.safetensors.index.json, and files that it may name. */
  shardIndexBytes: 16 * 1024 * 1024,
  shards: 1000,
  /** Bytes of a tokenizer.json: the largest in common use (Gemma's) is about 33 MB. */
  tokenizerJsonBytes: 64 * 1024 * 1024,
  /** Bytes of a config.json. */
  configBytes: 1024 * 1024,
} as const;
