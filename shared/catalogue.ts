/**
 * Models that people study: the page's picker offers them, the edge tokenizes for them. Parameters follow from each
 * model's config (layers, width, vocabulary, …) and are the published ones; a unit test recomputes them. The exact size
 * of a download is known of the embedded model only: of the others it is parameters × bytes a weight in the published
 * files, which is what a run reads.
 *
 * Licences: as on each model's page on the hub. Where none is given here, see that page.
 */

export interface CatalogueModel {
  /** What to load: `owner/name` on the hub, or the embedded model. */
  readonly id: string;
  readonly family: string;
  readonly layers: number;
  /** Size of the residual stream. */
  readonly width: number;
  readonly vocab: number;
  /** Weights that a run reads; a tied unembedding counts once. */
  readonly parameters: number;
  /** Bytes of a weight in the published files. */
  readonly weightBytes: 2 | 4;
  /** The hub hands it out only to accounts that have accepted its licence. */
  readonly gated?: true;
  readonly licence?: string;
  /** Its instructions come as a chat: the page has a switch for its template. */
  readonly instruct?: true;
  /** What a reader should know before the download. */
  readonly note?: string;
  /** Words that find it, besides its id and family. */
  readonly also?: string;
}

const GPT2 = { family: 'GPT-2', vocab: 50_257, weightBytes: 4, licence: 'MIT' } as const;
const PYTHIA = { family: 'GPT-NeoX', vocab: 50_304, weightBytes: 2, licence: 'Apache-2.0' } as const;
const SMOL = { family: 'Llama', vocab: 49_152, weightBytes: 2, licence: 'Apache-2.0' } as const;

export const CATALOGUE: readonly CatalogueModel[] = [
  {
    id: 'fable-4m',
    family: 'GPT-2',
    layers: 8,
    width: 192,
    vocab: 4096,
    parameters: 4_394_880,
    weightBytes: 2,
    licence: 'Apache-2.0',
    note: 'comes with this page',
  },
  { id: 'openai-community/gpt2', ...GPT2, layers: 12, width: 768, parameters: 124_439_808, also: 'small' },
  {
    id: 'distilbert/distilgpt2',
    ...GPT2,
    licence: 'Apache-2.0',
    layers: 6,
    width: 768,
    parameters: 81_912_576,
  },
  { id: 'openai-community/gpt2-medium', ...GPT2, layers: 24, width: 1024, parameters: 354_823_168 },
  { id: 'openai-community/gpt2-large', ...GPT2, layers: 36, width: 1280, parameters: 774_030_080 },
  { id: 'openai-community/gpt2-xl', ...GPT2, layers: 48, width: 1600, parameters: 1_557_611_200 },
  {
    id: 'roneneldan/TinyStories-33M',
    family: 'GPT-Neo',
    layers: 4,
    width: 768,
    vocab: 50_257,
    parameters: 68_514_048,
    weightBytes: 4,
    note: 'opens only where it has safetensors files',
  },
  { id: 'EleutherAI/pythia-70m', ...PYTHIA, layers: 6, width: 512, parameters: 70_426_624 },
  { id: 'EleutherAI/pythia-160m', ...PYTHIA, layers: 12, width: 768, parameters: 162_322_944 },
  { id: 'EleutherAI/pythia-410m', ...PYTHIA, layers: 24, width: 1024, parameters: 405_334_016 },
  { id: 'EleutherAI/pythia-1b', ...PYTHIA, layers: 16, width: 2048, parameters: 1_011_781_632 },
  { id: 'HuggingFaceTB/SmolLM2-135M', ...SMOL, layers: 30, width: 576, parameters: 134_515_008 },
  {
    id: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    ...SMOL,
    layers: 30,
    width: 576,
    parameters: 134_515_008,
    instruct: true,
  },
  { id: 'HuggingFaceTB/SmolLM2-360M', ...SMOL, layers: 32, width: 960, parameters: 361_821_120 },
  {
    id: 'Qwen/Qwen3-0.6B',
    family: 'Qwen3',
    layers: 28,
    width: 1024,
    vocab: 151_936,
    parameters: 596_049_920,
    weightBytes: 2,
    licence: 'Apache-2.0',
    instruct: true,
  },
  {
    id: 'meta-llama/Llama-3.2-1B',
    family: 'Llama',
    layers: 16,
    width: 2048,
    vocab: 128_256,
    parameters: 1_235_814_400,
    weightBytes: 2,
    licence: 'Llama 3.2',
    gated: true,
  },
  {
    id: 'google/gemma-3-270m',
    family: 'Gemma 3',
    layers: 18,
    width: 640,
    vocab: 262_144,
    parameters: 268_098_176,
    weightBytes: 2,
    licence: 'Gemma',
    gated: true,
  },
];
