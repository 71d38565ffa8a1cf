/** The terms that have a definition, and what they are called. Apart from the definitions, which come later. */
export const TERM_TITLES = {
  lens: 'Logit lens',
  probability: 'Probability',
  entropy: 'Entropy',
  kl: 'KL to the output',
  rank: 'Rank',
  agreement: 'Agreement with the output',
  mid: 'Rows after attention',
  settles: 'Where the answer settles',
  input: 'Input token',
  checks: 'Self-checks',
  pattern: 'Attention',
  valueWeighted: 'Value-weighted attention',
  headScores: 'What a head does on this prompt',
  detectors: 'Scores of heads',
  copying: 'Copying and deleting',
  composition: 'Composition',
  circuit: 'Induction circuit',
  inContext: 'Learning in context',
  ablation: 'Ablation',
  attribution: 'Direct logit attribution',
  directions: 'Directions',
  variance: 'Share of the variance',
  match: 'Reading a direction',
  cosine: 'Angle between layers',
  norm: 'Length of a state',
  fitted: 'Fitted lens',
  divergence: 'Two runs side by side',
  interval: 'Intervals of the experiment',
} as const;
export type Term = keyof typeof TERM_TITLES;

export const TERMS = Object.keys(TERM_TITLES) as readonly Term[];
