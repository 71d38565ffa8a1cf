/** The directions experiment as text for a terminal. */
import { SEED_FIGURES, type Estimate } from '../shared/lens/experiment.ts';
import type { ExperimentRecord } from '../shared/lens/experiment-files.ts';
import type { Terminal } from './terminal.ts';

/** Characters of the longest bar. */
const BAR = 40;

/** What was run, the two figures beside the seed's, and a histogram. Ends in a line feed. */
export function pcaText(
  { model, options, summary }: ExperimentRecord,
  { columns }: Pick<Terminal, 'columns'>,
): string {
  const states = `states x−1 … x${model.layers - 1}${options.mid ? ' and mid-block' : ''} at the last position`;
  const rows = [
    ['', model.id, '95% interval', `the seed (${SEED_FIGURES.model})`],
    [
      'variance along PC1, mean',
      summary.ratio.value.toFixed(3),
      interval(summary.ratio, (x) => x.toFixed(3)),
      SEED_FIGURES.ratio.toFixed(2),
    ],
    [
      'PC1 reads as the prediction',
      `${percent(summary.matchRate.value)} (${summary.matches} of ${summary.prompts})`,
      interval(summary.matchRate, percent),
      `${Math.round(SEED_FIGURES.matchRate * 100)}%`,
    ],
  ];
  const widths = [0, 1, 2, 3].map((i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  const lines = rows.map((row) =>
    row
      .map((text, i) => text.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const bins = summary.histogram;
  const first = bins.findIndex(({ count }) => count > 0);
  const last = bins.findLastIndex(({ count }) => count > 0);
  const most = Math.max(...bins.map(({ count }) => count));
  const room = Math.min(BAR, columns - 30);
  const bars = bins.slice(first, last + 1).map(({ from, to, count, matches }) => {
    const length = Math.round((count / most) * room);
    const matched = Math.round((matches / most) * room);
    const bar = '█'.repeat(matched) + '░'.repeat(Math.max(0, length - matched));
    return `${from.toFixed(2)}–${to.toFixed(2)}  ${String(count).padStart(4)}  ${bar}`.trimEnd();
  });
  return [
    `${summary.prompts} ${summary.prompts === 1 ? 'prompt' : 'prompts'} · ${options.centred ? 'centred' : 'not centred'} · ${states}`,
    '',
    ...lines,
    '',
    'variance along PC1, prompts; █ PC1 reads as the prediction, ░ as something else',
    ...bars,
    '',
    `intervals: bootstrap of the mean (seed ${summary.seed}), Wilson's for the share`,
    '',
  ].join('\n');
}

function interval({ low, high }: Estimate, say: (x: number) => string): string {
  return `${say(low)} to ${say(high)}`;
}

function percent(x: number): string {
  return `${(x * 100).toFixed(1)}%`;
}
