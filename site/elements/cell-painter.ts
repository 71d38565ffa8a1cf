/** Colours of the table's cells: which number, on which scale, as background and ink. */
import { inkOn, rampColor, type ColorScheme } from '../../shared/picture/ramp.ts';
import { targetIn, type LineReadings } from '../controllers/lines.ts';
import { count, nats } from '../controllers/numbers.ts';
import type { ColourBy, RunView, Target, ViewState } from '../controllers/view-state.ts';

export interface Scale {
  /** The number that a cell shows by its colour; NaN where there is none, or none yet. */
  readonly value: (line: LineReadings, pos: number) => number;
  /** Where a value lies on the ramp, 0 to 1. */
  readonly share: (value: number) => number;
  /** What stands at the pale and at the strong end of the legend. */
  readonly ends: readonly [string, string];
  /** In place of a ramp: the legend's steps, by their share. */
  readonly steps?: readonly (readonly [share: number, name: string])[];
}

/** Ranks that count as near in {@link scaleOf}'s agreement: one of the ten best. */
const NEAR = 10;
const AGREEMENT = [
  [0.06, 'not yet'],
  [0.45, 'among its ten best'],
  [0.94, 'its first choice'],
] as const;

/**
 * What colours a run's cells. KL has no bound, so its ramp ends at the largest of this run, and it is logarithmic:
 * the embedding row is so far from the output that all other rows would look alike. Ranks are logarithmic too, and
 * strong where the target is on top.
 */
export function scaleOf(run: RunView, { colour, target }: Pick<ViewState, 'colour' | 'target'>): Scale {
  switch (colour) {
    case 'probability':
      return { value: probabilityIn(target), share: (p) => p, ends: ['0', '1'] };
    case 'entropy': {
      const most = Math.log(run.model.spec.dVocab);
      return {
        value: ({ readings }, pos) => readings.entropy[pos] ?? Number.NaN,
        share: (h) => h / most,
        ends: ['0', nats(most)],
      };
    }
    case 'kl': {
      const rows = [...(run.late?.kl ?? []), ...(run.mid?.late?.kl ?? [])];
      const most = rows.reduce((max, row) => row.reduce((m, v) => Math.max(m, v), max), 0);
      return {
        value: ({ kl }, pos) => kl?.[pos] ?? Number.NaN,
        share: (v) => Math.log1p(v) / (Math.log1p(most) || 1),
        ends: ['0', run.late ? `${nats(most)}, logarithmic` : 'comes with the last row'],
      };
    }
    case 'rank': {
      const last = run.model.spec.dVocab - 1;
      return {
        value: (line, pos) => rankIn(line, pos, target),
        share: (rank) => 1 - Math.log1p(rank) / Math.log1p(last),
        ends: [count(last), '0, the top; logarithmic'],
      };
    }
    case 'agreement':
      return {
        value: (line, pos) => rankIn(line, pos, 'output'),
        share: (rank) => AGREEMENT[rank === 0 ? 2 : rank < NEAR ? 1 : 0][0],
        ends: ['', ''],
        steps: AGREEMENT,
      };
  }
}

function probabilityIn(target: Target): Scale['value'] {
  if (target === 'top') return ({ readings: r }, pos) => Math.exp(r.topLogprobs[pos * r.k] ?? Number.NaN);
  return (line, pos) => Math.exp(targetIn(line, target)?.logprobs[pos] ?? Number.NaN);
}

function rankIn(line: LineReadings, pos: number, target: Target): number {
  const rank = targetIn(line, target)?.ranks[pos] ?? -1;
  return rank < 0 ? Number.NaN : rank;
}

/** What a colour says, with its unit, for headings and the legend. */
export function legendOf(colour: ColourBy, target: Target, chosen: string): string {
  const token = {
    top: 'the top token',
    output: 'the output’s token',
    next: 'the actual next token',
    input: 'the input token',
  };
  const whose = typeof target === 'number' ? `“${chosen}”` : token[target];
  switch (colour) {
    case 'probability':
      return `probability of ${whose}`;
    case 'entropy':
      return 'entropy, nats';
    case 'kl':
      return 'KL to the output, nats';
    case 'rank':
      return `rank of ${target === 'top' ? token.output : whose}`;
    case 'agreement':
      return 'the output’s token is';
  }
}

export interface Paint {
  readonly background: string;
  readonly ink: string;
}

/** Gives cells their colours. Inks are kept: a ramp has few colours. */
export class CellPainter {
  readonly #inks = new Map<string, string>();

  /** Undefined where the cell has no number. */
  brush(
    run: RunView,
    state: Pick<ViewState, 'colour' | 'target' | 'scheme'>,
  ): (line: LineReadings, pos: number) => Paint | undefined {
    const { value, share } = scaleOf(run, state);
    return (line, pos) => {
      const number = value(line, pos);
      return Number.isNaN(number) ? undefined : this.#paint(share(number), state.scheme);
    };
  }

  #paint(share: number, scheme: ColorScheme): Paint {
    const background = rampColor(share, scheme);
    let ink = this.#inks.get(background);
    if (ink === undefined) {
      ink = inkOn(background);
      this.#inks.set(background, ink);
    }
    return { background, ink };
  }
}
