/** Colours of the table's cells: which number, on which scale, as background and ink. */
import type { LayerReadings } from '../../shared/lens/readings.ts';
import { inkOn, rampColor, type ColorScheme } from '../../shared/picture/ramp.ts';
import type { ColourBy, RunView, ViewState } from '../controllers/view-state.ts';

/** Milliseconds of repainting before the page gets a turn. */
const SLICE = 8;

export interface Scale {
  /** The number that a cell shows by its colour; NaN where there is none yet. */
  readonly value: (readings: LayerReadings, pos: number) => number;
  /** The values at both ends of the ramp. */
  readonly ends: readonly [number, number];
}

/** What colours a run's cells. KL has no bound: its ramp ends at the largest of this run. */
export function scaleOf(run: RunView, colour: ColourBy): Scale {
  switch (colour) {
    case 'probability':
      return { value: (r, pos) => Math.exp(r.topLogprobs[pos * r.k] ?? Number.NaN), ends: [0, 1] };
    case 'entropy':
      return { value: (r, pos) => r.entropy[pos] ?? Number.NaN, ends: [0, Math.log(run.model.spec.dVocab)] };
    case 'kl': {
      const kl = run.late?.kl;
      return {
        value: (r, pos) => kl?.[r.layer + 1]?.[pos] ?? Number.NaN,
        ends: [0, kl?.reduce((most, row) => row.reduce((m, v) => Math.max(m, v), most), 0) ?? 0],
      };
    }
  }
}

type Brush = (cell: HTMLElement, readings: LayerReadings, pos: number) => void;

export class CellPainter {
  #turn = 0;

  brush(run: RunView, { colour, scheme }: Pick<ViewState, 'colour' | 'scheme'>): Brush {
    const { value, ends } = scaleOf(run, colour);
    const span = ends[1] - ends[0] || 1;
    return (cell, readings, pos) => paint(cell, (value(readings, pos) - ends[0]) / span, scheme);
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
