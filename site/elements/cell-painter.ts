/** Colours of the table's cells: which number, on which scale, as background and ink. */
import type { LayerReadings } from '../../shared/lens/readings.ts';
import { inkOn, rampColor, type ColorScheme } from '../../shared/picture/ramp.ts';
import type { ColourBy, RunView, ViewState } from '../controllers/view-state.ts';

/** Milliseconds of repainting before the page gets a turn. */
const SLICE = 8;

export interface Scale {
  /** The number that a cell shows by its colour; NaN where there is none yet. */
  readonly value: (readings: LayerReadings, pos: number) => number;
  /** The value at the strong end of the ramp; the pale end is 0. */
  readonly most: number;
  /** Where a value lies on the ramp, 0 to 1. */
  readonly share: (value: number) => number;
}

/**
 * What colours a run's cells. KL has no bound, so its ramp ends at the largest of this run, and it is logarithmic:
 * the embedding row is so far from the output that all other rows would look alike.
 */
export function scaleOf(run: RunView, colour: ColourBy): Scale {
  switch (colour) {
    case 'probability':
      return {
        value: (r, pos) => Math.exp(r.topLogprobs[pos * r.k] ?? Number.NaN),
        most: 1,
        share: (p) => p,
      };
    case 'entropy': {
      const most = Math.log(run.model.spec.dVocab);
      return { value: (r, pos) => r.entropy[pos] ?? Number.NaN, most, share: (h) => h / most };
    }
    case 'kl': {
      const kl = run.late?.kl;
      const most = kl?.reduce((max, row) => row.reduce((m, v) => Math.max(m, v), max), 0) ?? 0;
      return {
        value: (r, pos) => kl?.[r.layer + 1]?.[pos] ?? Number.NaN,
        most,
        share: (v) => Math.log1p(v) / (Math.log1p(most) || 1),
      };
    }
  }
}

type Brush = (cell: HTMLElement, readings: LayerReadings, pos: number) => void;

export class CellPainter {
  #turn = 0;

  brush(run: RunView, { colour, scheme }: Pick<ViewState, 'colour' | 'scheme'>): Brush {
    const { value, share } = scaleOf(run, colour);
    return (cell, readings, pos) => paint(cell, share(value(readings, pos)), scheme);
  }

  /** Paints every cell again, in slices, so that a wide table does not hold the page up. */
  repaint(cells: readonly (readonly HTMLElement[])[], run: RunView, state: ViewState): void {
    const turn = ++this.#turn;
    const brush = this.brush(run, state);
    let row = 0;
    const go = (): void => {
      const start = performance.now();
      while (turn === this.#turn && row < cells.length) {
        const readings = run.rows[row];
        if (readings) cells[row]?.forEach((cell, pos) => brush(cell, readings, pos));
        row++;
        if (performance.now() - start > SLICE) {
          requestAnimationFrame(go);
          return;
        }
      }
    };
    go();
  }

  stop(): void {
    this.#turn++;
  }
}

function paint(cell: HTMLElement, share: number, scheme: ColorScheme): void {
  const background = rampColor(share, scheme);
  cell.style.backgroundColor = background;
  cell.style.color = inkOn(background);
}
