/** Each reading's exact definition, with its source, for the page's definitions. */
import type { Term } from './terms.ts';

export interface Definition {
  /** In words, for anyone. */
  readonly plain: string;
  /** In symbols. */
  readonly exact: string;
  readonly source?: { readonly text: string; readonly href: string };
}

const NOSTALGEBRAIST = {
  text: 'nostalgebraist 2020, “interpreting GPT: the logit lens”',
  href: 'https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens',
};

const VASWANI = {
  text: 'Vaswani et al. 2017, “Attention Is All You Need”',
  href: 'https://arxiv.org/abs/1706.03762',
};

const ELHAGE = {
  text: 'Elhage et al. 2021, “A Mathematical Framework for Transformer Circuits”',
  href: 'https://transformer-circuits.pub/2021/framework/index.html',
};

const OLSSON = {
  text: 'Olsson et al. 2022, “In-context Learning and Induction Heads”',
  href: 'https://transformer-circuits.pub/2022/in-context-learning-and-induction-heads/index.html',
};

const GEVA_2021 = {
  text: 'Geva et al. 2021, “Transformer Feed-Forward Layers Are Key-Value Memories”',
  href: 'https://aclanthology.org/2021.emnlp-main.446/',
};

const GEVA_2022 = {
  text: 'Geva et al. 2022, “Transformer Feed-Forward Layers Build Predictions by Promoting Concepts in the Vocabulary Space”',
  href: 'https://aclanthology.org/2022.emnlp-main.3/',
};

export const DEFINITIONS: Readonly<Record<Term, Definition>> = {
  lens: {
    plain:
      'After each block the model’s state is read as if it were the last: what would the model say next if it stopped here? The row “emb” is the state before the first block.',
    exact:
      'zₗ = U·N(xₗ), xₗ = blocks.l.hook_resid_post, x₋₁ = blocks.0.hook_resid_pre; N the final norm, U the unembedding. pₗ = softmax(zₗ) over the whole vocabulary.',
    source: NOSTALGEBRAIST,
  },
  probability: {
    plain: 'How likely a layer takes a token to be the next one. All tokens of the vocabulary sum to 1.',
    exact: 'pₗ(t) = exp(zₗ(t) − logsumexp(zₗ))',
    source: NOSTALGEBRAIST,
  },
  entropy: {
    plain:
      'How open the layer’s guess is, in nats: 0 when it is sure of one token, the logarithm of the vocabulary’s size when all tokens are equally likely.',
    exact: 'H(pₗ) = −Σₜ pₗ(t)·ln pₗ(t)',
    source: {
      text: 'Shannon 1948, “A Mathematical Theory of Communication”',
      href: 'https://doi.org/10.1002/j.1538-7305.1948.tb01338.x',
    },
  },
  kl: {
    plain:
      'How far the layer’s guess is from what the model says in the end, in nats. 0 in the last layer. It needs the output, so it comes with the last row.',
    exact: 'KL(p ‖ pₗ) = Σₜ p(t)·ln(p(t) / pₗ(t)), p the model’s own output',
    source: {
      text: 'Kullback and Leibler 1951, “On Information and Sufficiency”',
      href: 'https://doi.org/10.1214/aoms/1177729694',
    },
  },
  rank: {
    plain: 'How many tokens the layer finds more likely than this one. 0 is the top.',
    exact: '#{s : zₗ(s) > zₗ(t)}; of tokens with the same logit, those with smaller ids count as ahead.',
  },
  agreement: {
    plain:
      'Whether a layer already says what the model says in the end: as its first choice, among its ten best, or not yet.',
    exact: 'rank of argmax p in pₗ: 0; 1 to 9; 10 and more.',
  },
  mid: {
    plain:
      'The state between a block’s attention and its MLP, read in the same way: what attention wrote, before the MLP adds its part. Blocks that compute both side by side have no such state.',
    exact: 'z = U·N(blocks.l.hook_resid_mid), hook_resid_mid = hook_resid_pre + hook_attn_out.',
    source: NOSTALGEBRAIST,
  },
  settles: {
    plain:
      'The line across the table: from there up, every layer’s top token is the model’s final one. An easy prediction settles early, a hard one late or with a flat distribution.',
    exact: 'The smallest l such that argmax pₘ = argmax p for every m from l to n − 1.',
    source: NOSTALGEBRAIST,
  },
  input: {
    plain:
      'Whether the state still reads as the token that went in. In GPT-2 it was seen to be lost after the first block: the state stands for what comes next from then on.',
    exact: 'Rank of the input token at this position in pₗ.',
    source: NOSTALGEBRAIST,
  },
  checks: {
    plain:
      'Every run tests itself: the last row against a plain pass of the same tokens through other code, the writes of attention and MLP against the state they sum to, and the attention weights against 1.',
    exact:
      'max |Δ| ≤ the bound given beside each; x_pre + attn_out + mlp_out = x_post; Σ_src A[dest, src] = 1.',
  },
  pattern: {
    plain:
      'Each head of a layer lets a token read from itself and the tokens before it, a share from each. Hatched cells lie ahead of the token, or further back than the layer’s window: they are not zero, they are never seen.',
    exact: 'A[dest, src] = softmax over src of q[dest]·k[src]·scale; Σ_src A[dest, src] = 1.',
    source: VASWANI,
  },
  valueWeighted: {
    plain:
      'A head may look at a token and take next to nothing from it. So each weight is multiplied by the length of what the head would write of that token. Where a model norms what attention writes before adding it (Gemma), lengths are before that norm.',
    exact: 'A[dest, src]·‖v[src]·W_O^h‖, in the units of the residual stream.',
    source: {
      text: 'Kobayashi et al. 2020, “Attention is Not Only a Weight: Analyzing Transformers with Vector Norms”',
      href: 'https://aclanthology.org/2020.emnlp-main.574/',
    },
  },
  headScores: {
    plain:
      'How much of its attention a head spends on the token before, on the token itself, on the first token, and on earlier copies of the token; on this prompt alone, so another may show another side. The first two positions are left out: the first token collects attention.',
    exact:
      'Means over i ≥ 2 of A[i, i−1], A[i, i], A[i, 0]; over the i ≥ 2 whose token stood before, of Σ A[i, s] over its earlier copies s ≥ 1.',
    source: ELHAGE,
  },
  detectors: {
    plain:
      'Random tokens that come twice show what a head does, whatever the text is about: look at the token before, at its own token, at earlier copies of it, or, most telling, at what followed the earlier copy: induction. Eight draws; ± is their spread. From 0.4 on, a head is called by the score.',
    exact:
      'Means over positions i ≥ 2 of bos + n random tokens + the same again, n ≤ 50: previous A[i, i−1], present A[i, i], first A[i, 0]; on the second copy, duplicate Σ A[i, s] over earlier copies, induction A[i, i−n+1]. Mean ± standard deviation over seeded draws.',
    source: OLSSON,
  },
  copying: {
    plain:
      'What a head would do to the vocabulary, going by its weights alone: raise the token that it reads (1), or take it away (−1). A deleting head has a negative score and looks at its own token.',
    exact:
      'Σλ/Σ|λ| over the eigenvalues of E·W_V·W_O·Uᵀ, by way of the d_head × d_head matrix W_O·Uᵀ·E·W_V that has the same non-zero ones; norms folded in. Deleting: max(0, −copying) · present.',
    source: ELHAGE,
  },
  composition: {
    plain:
      'Heads speak to later heads through the residual stream. How much of what an earlier head writes lies where a later one reads: its queries (Q), its keys (K) or its values (V). Random heads would come to something too; that is taken off.',
    exact:
      'Q: ‖W_OV¹·W_QK²‖, K: ‖W_OV¹·W_QK²ᵀ‖, V: ‖W_OV¹·W_OV²‖ (Frobenius), each over the product of the two norms, less the same for seeded random matrices of the same rank and shape. Rotary positions are left out; with norms on queries and keys Q and K are undefined.',
    source: ELHAGE,
  },
  circuit: {
    plain:
      'Two heads together repeat what the context showed before. The first puts into each token’s state what stood before it; the second looks, from a word, for the place whose state says “this word stood before me”, and brings what stands there: A B … A makes B.',
    exact:
      'Of all heads with previous ≥ 0.4 and all with induction ≥ 0.4 in later layers, the pair with the strongest K-composition. “Without head” sets blocks.L.attn.hook_z of that head to 0 at all positions.',
    source: OLSSON,
  },
  inContext: {
    plain:
      'Random tokens cannot be foretold: the first copy costs the most there is. The second can, by a model that looks back at the first. The gap is what it learns from the context.',
    exact: '−ln p(token j of the copy), mean over the draws, for the first and for the second copy.',
    source: OLSSON,
  },
  ablation: {
    plain:
      'A part’s output is set to nothing, to what it is on average, or to a multiple of itself, at every position; all that comes after is computed anew. What gets worse is what the part was there for, or what others made of it; what stays may be done elsewhere too.',
    exact:
      'At blocks.L.attn.hook_z (a head), hook_attn_out, hook_mlp_out or mlp.hook_post (a neuron): x → 0, x → the mean over 128 reference prompts (first positions apart), or x → factor · x. Cells: ln p after − ln p before, nats; a corner where the first choice differs.',
    source: ELHAGE,
  },
  attribution: {
    plain:
      'The last state is a sum: of the embedding, of what every head and every MLP wrote, and of biases. So a token’s logit is a sum too, of what each of them says directly about it. What a part does by way of later parts is not in its bar.',
    exact:
      'With the final norm’s scale as it is in this run: part of a write w = ((w − mean(w))·γ/σ)·U[t] (mean only where the norm centres), or U[t] − U[t′] for a pair; β·U[t] for the norm’s own bias. Heads by source: A[pos, src]·v[src]·W_O.',
    source: ELHAGE,
  },
  neurons: {
    plain:
      'An MLP is a memory of many neurons. Each has a key, which says what turns it on, and a value, which it adds to the stream, as strongly as it is on. What an MLP writes is the sum of these (and a bias). Listed are the longest writes at one position.',
    exact:
      'mᵢ = f(x·kᵢ), blocks.L.mlp.hook_post (gated: act(gate)·up); length |mᵢ|·‖vᵢ‖; moves: mᵢ·vᵢ through the final norm, its scale as in this run, dotted with U[t]; promoted and suppressed: top and bottom of the same over the whole vocabulary.',
    source: GEVA_2022,
  },
  neuron: {
    plain:
      'What the weights alone say: the tokens that its value raises and lowers when read through the unembedding, and the tokens whose embeddings lie most along its key and against it. In later layers the stream is no longer an embedding, so that a key there says less.',
    exact:
      'U·vᵢ with the final norm’s gain folded in, at a coefficient of 1 and without a scale; cosines of kᵢ (the block norm’s gain folded in, the mean taken off where the norm does) with the rows of E. cos(k, v) of the weights as stored.',
    source: GEVA_2022,
  },
  triggers: {
    plain:
      'The places in a set of texts where the neuron is on most, its token marked. ✓ stands where the next token is the one that its value promotes most: what it wrote came true.',
    exact:
      'The highest mᵢ over all positions of the texts but each text’s first (up to 20,000 positions); or the lowest, held against the top of U·(−vᵢ).',
    source: GEVA_2021,
  },
  layerAgreement: {
    plain:
      'How often a value’s top token is the very token that follows the text which turns the neuron on. In the paper, lower layers hold shallow patterns and upper ones meanings: there the share grows with depth. Chance is what the same tokens would come to in any order.',
    exact:
      'Over 256 neurons of a layer, evenly spread: share whose best trigger is followed by argmax U·vᵢ; the same over their 12 best; chance: Σₜ share of values with top t · share of triggers followed by t.',
    source: GEVA_2021,
  },
  deletion: {
    plain:
      'Where key and value point in opposite directions, a neuron takes away what turned it on. The map counts neurons by the cosine of the two, layer by layer: most lie near 0, adding something else than they read.',
    exact:
      'cos(kᵢ, vᵢ), weights as stored; beside it with the norms’ gains folded in and means taken off. Gated: the up weights, times the sign that act(gate) has on average over 64 reference prompts.',
    source: ELHAGE,
  },
  directions: {
    plain:
      'On its way through the layers, one prediction passes a handful of states. Their principal components are the few directions along which those states differ most; each can be read as a token, as a state can.',
    exact:
      'X: the states x₋₁ … xₙ₋₁ at one position (also mid-block ones, or of all positions), less their mean μ where centred. X = UΣVᵀ; component i is vᵢ, turned so that vᵢ·(xₙ₋₁ − μ) ≥ 0.',
    source: {
      text: 'Pearson 1901, “On lines and planes of closest fit to systems of points in space”',
      href: 'https://doi.org/10.1080/14786440109462720',
    },
  },
  variance: {
    plain: 'How much of all that differs between the states lies along one direction. All shares sum to 1.',
    exact: 'σᵢ² / Σⱼ σⱼ²',
  },
  match: {
    plain:
      'A direction is read as a state is: what would the model say if its last state were this direction? It matches when the first direction’s top token is the model’s own prediction.',
    exact: 'U·N(‖xₙ₋₁‖·vᵢ); match: argmax of v₁’s = argmax p. The length only keeps the norm’s ε small.',
  },
  cosine: {
    plain: 'How much two layers’ states point the same way: 1 the same, 0 at right angles, −1 opposite.',
    exact: 'xₐ·x_b / (‖xₐ‖·‖x_b‖)',
  },
  norm: {
    plain:
      'How long the state is, and how long the vectors are that attention and the MLP of each block add to it.',
    exact: '‖xₗ‖₂, ‖blocks.l.hook_attn_out‖₂, ‖blocks.l.hook_mlp_out‖₂',
  },
  fitted: {
    plain:
      'An early layer may hold its guess in other directions than the last one does. A fitted lens first maps each layer’s state to the last layer’s, by a linear map learnt from the reference prompts, and reads that.',
    exact:
      'Aₗ, bₗ minimize (1/N)·Σ ‖xₗAₗ + bₗ − xₙ₋₁‖² + λ‖SAₗ‖²_F over the N reference states without position 0 (ridge; S: xₗ’s scales; b is not penalized), λ by the squared error on a held-out fifth; z = U·N(xₗAₗ + bₗ).',
    source: {
      text: 'Din et al. 2023, “Jump to Conclusions: Short-Cutting Transformers With Linear Transformations”',
      href: 'https://arxiv.org/abs/2303.09435',
    },
  },
  divergence: {
    plain:
      'How far apart two runs’ guesses are in one cell. KL(A ‖ B) is what A’s guess costs whoever expects B’s, and has no bound; Jensen–Shannon is the same both ways and at most ln 2. Tokens share a column where the prompts have them in common (longest common subsequence); what differs in between is paired from the right. Rows of models of other depth meet at the same share of the way.',
    exact:
      'KL(A ‖ B) = Σₜ p_A(t)·ln(p_A(t) / p_B(t)); JS = (KL(A ‖ m) + KL(B ‖ m)) / 2, m = (p_A + p_B) / 2; over the whole vocabulary, with the raw lens.',
    source: {
      text: 'Lin 1991, “Divergence Measures Based on the Shannon Entropy”',
      href: 'https://doi.org/10.1109/18.61115',
    },
  },
  interval: {
    plain:
      'How far a figure over some prompts may be from the figure over all such prompts: 95 of 100 such intervals hold it. For the share of matches it is Wilson’s; for the mean share of variance the prompts are drawn again many times, with a seed.',
    exact:
      '(p̂ + z²/2n ± z·√(p̂(1 − p̂)/n + z²/4n²)) / (1 + z²/n), z = 1.96; the mean: percentiles 2.5 and 97.5 of seeded bootstrap means.',
    source: {
      text: 'Wilson 1927, “Probable Inference, the Law of Succession, and Statistical Inference”',
      href: 'https://doi.org/10.1080/01621459.1927.10502953',
    },
  },
};
