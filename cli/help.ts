/** What `--help` prints. */

const MODEL = `  MODEL                fable-4m (embedded); a folder in Hugging Face layout or a .gguf file; owner/name,
                       owner/name@revision or owner/name/FILE.gguf on the hub; the https:// address of such files`;

const RUN = `  --bos, --no-bos      a begin-of-text token in front, or none; without either, what the tokenizer does
  --device DEVICE      wasm or webgpu (default wasm)
  --compute TYPE       f32 or, where the GPU has shader-f16, f16 (default f32)
  --help               this page`;

const COMMON = `${MODEL}
  TEXT                 the prompt; - reads it from standard input
  --ids 1,2,3          token ids in place of TEXT, run as they are
${RUN}`;

const MAIN = `residscope: watch a language model think, layer by layer

usage: residscope COMMAND MODEL TEXT [options]

commands:
  tokenize             token ids, texts and offsets, as JSON
  lens                 the logit lens: what each layer would say next
  activations          activations by hook name, as a safetensors file
  pca                  the directions experiment over a file of prompts
  bake                 a trace file for each prompt of a file; resumes, and shares its folder with other processes
  heads                what every attention head does: scores, labels, composition, the induction pair
  dla                  direct logit attribution: what every component adds to a token's logit
  neurons              the neurons that write most at a position, and the tokens they promote

options of every command:
${COMMON}
  --version            the version, and no more

environment:
  HF_ENDPOINT          another hub than https://huggingface.co
  HF_TOKEN             an access token for gated and private models; sent to the hub only

Results go to standard output, progress to standard error. Exit status: 0; 2 for a call that is wrong in itself;
1 for everything else.
`;

const TOKENIZE = `usage: residscope tokenize MODEL TEXT [options]

Prints { "ids": [...], "tokens": [...], "offsets": [[start, end], ...] }: the vocabulary's own strings, and where each
token lies in TEXT, in UTF-16 code units. With --ids, "text" too: what they decode to, and what the offsets count in.

${COMMON}
  --json               the same: the output is JSON anyway
`;

const LENS = `usage: residscope lens MODEL TEXT [options]

Prints a table: rows are layers, the last one on top, columns are tokens, a cell holds the token that its layer finds
likeliest to come next.

${COMMON}
  --json               print a trace (JSON) in place of the table
  --svg FILE           write the table as a picture
  --html FILE          write the table as a page that works offline, with cards and charts
  --logitlens FILE     write logitlenskit JSON, version 2
  --lens LENS          raw (the default); fitted: translate each layer to the last one's language, by a map fitted now
                       on the reference prompts; or a lens's file, fitted or tuned
  --save-lens FILE     write the lens that was fitted, for --lens FILE
  --top-k N            tokens a cell in traces, 1 to 100 (default 10)

Colours: on a terminal; NO_COLOR=1 turns them off, FORCE_COLOR=3 (or 2 for 256 colours) turns them on.
`;

const ACTIVATIONS = `usage: residscope activations MODEL TEXT --hooks GLOB[,GLOB...] --out FILE.safetensors [options]

Writes every hook that a glob selects, under TransformerLens's names and without the batch axis, with "ids" (int64)
and "logits" (f32).

${COMMON}
  --hooks GLOBS        as in 'blocks.*.hook_resid_post,blocks.3.attn.hook_pattern'; * stands for anything
  --out FILE           the file to write
  --json               print what was written as JSON
`;

const PCA = `usage: residscope pca MODEL --prompts FILE [options]

The directions experiment: for each prompt, the principal components of the residual states that its prediction passes
(the embedding and every block's output, at the last position). Prints the first component's share of the variance, on
average, and how often it reads out as the model's own prediction, beside the figures that the project was started
from (GPT-2: 0.88 and 77%).

${MODEL}
  --prompts FILE       a text file, one prompt a line; empty lines are passed over
  --no-centre          leave the states' mean in
  --mid                the mid-block states too
  --seed N             of the bootstrap (default 0)
  --json               print everything as JSON in place of the table
  --csv FILE           write a line a prompt
${RUN}
`;

const BAKE = `usage: residscope bake MODEL --prompts FILE --out DIR [options]

Writes DIR/NAME.trace.json for every prompt. NAME is the hash of what goes in (model, weights, token ids, options), and
the file is the trace's canonical form, without device and timings: the same call gives the same bytes. What is there
is not made again, so that a call that was stopped goes on where it was; any number of processes, on any number of
machines that see DIR, share the work. DIR/index.json names the id of every trace.

${MODEL}
  --prompts FILE       a text file, one prompt a line; empty lines are passed over
  --out DIR            the folder, made if need be
  --gallery            DIR/gallery/index.html too: every table as a page that works offline
  --lens LENS          raw (the default), fitted, or a lens's file
  --top-k N            tokens a cell, 1 to 100 (default 10)
  --json               print names and ids as JSON
${RUN}
`;

const HEADS = `usage: residscope heads MODEL [options]

Prints a line for every attention head: how much it attends to the previous token, to its own, to the first, to earlier
copies (duplicate) and to what followed an earlier copy (induction), on random tokens repeated twice; whether its
weights copy tokens (1) or delete them (−1); and what that makes it. Below: the induction pair, the loss on the second
copy against the first, and the strongest compositions of an earlier head into a later one.

${MODEL}
  --draws N            sequences of random tokens, 1 to 1000 (default 8)
  --seed N             of the tokens, and of composition's baseline (default 0)
  --bos, --no-bos      a begin-of-text token in front of each sequence (default: where the tokenizer names one), or none
  --sort SCORE         previous, present, first, duplicate, induction, copying or deleting: the highest on top
  --no-composition     leave composition out, which is most of the work
  --json               print everything as JSON, the composition of every pair included
  --device DEVICE      wasm or webgpu (default wasm)
  --help               this page
`;

const TARGET = `  --target TOK[,TOK]   the token whose logit counts, or two: the first's less the second's; each a text that is one
                       token, or #ID; mean as the second: less the mean of all (default: the model's own top token)
  --pos N              whose prediction, from 0, or with a minus from the end: --pos=-2 (default: the last)`;

const DLA = `usage: residscope dla MODEL TEXT [options]

Prints where a logit comes from: what the embedding, every head, every MLP and the biases write to the stream, each read
through the final norm (its scale held at what it is here) and the unembedding. The parts sum to the logit. Of a head
also the token that it brought most from.

${COMMON}
${TARGET}
  --count N            components shown (default 20); --json has all, and every head by source token
  --json               print everything as JSON
`;

const NEURONS = `usage: residscope neurons MODEL TEXT [options]

Prints the neurons whose writes to the stream are largest at a position: coefficient, length, how far the write moves
the target's logit, and the tokens that it promotes and suppresses most there.

${COMMON}
${TARGET}
  --layer N            of one layer (default: all together)
  --count N            neurons, 1 to 1000 (default 20)
  --top-k N            tokens promoted and suppressed in JSON, 1 to 100 (default 10)
  --json               print everything as JSON
`;

export const HELP = {
  main: MAIN,
  tokenize: TOKENIZE,
  lens: LENS,
  activations: ACTIVATIONS,
  pca: PCA,
  bake: BAKE,
  heads: HEADS,
  dla: DLA,
  neurons: NEURONS,
} as const;
