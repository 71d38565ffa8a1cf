/** The table's lines, bottom up: the embedding, then of each layer the row after attention, if shown, and its own. */
import type { LayerReadings, TargetReadings } from '../../shared/lens/readings.ts';
import { layerLabel, type Cell, type ChosenTarget, type RunView, type Target } from './view-state.ts';

export interface Line {
  readonly layer: number;
  readonly mid: boolean;
}

/** What a run says of one line. */
export interface LineReadings {
  readonly readings: LayerReadings;
  /** f32[pos], nats; comes with the output. */
  readonly kl: Float32Array | undefined;
  /** How the output's token fares here. */
  readonly final: TargetReadings | undefined;
  /** How the reader's own target fares here. */
  readonly chosen: TargetReadings | undefined;
}

/** Every line that a run will have. */
export function linesOf({ model, mid }: Pick<RunView, 'model' | 'mid'>): Line[] {
  const layers = Array.from({ length: model.spec.nLayers }, (_, layer) => layer);
  return [
    { layer: -1, mid: false },
    ...layers.flatMap((layer) => [...(mid ? [{ layer, mid: true }] : []), { layer, mid: false }]),
  ];
}

/** The place of a cell's line, bottom up. */
export function lineIndex({ layer, mid }: Omit<Cell, 'pos'>, run: Pick<RunView, 'mid'>): number {
  return run.mid ? 2 * (layer + 1) - (mid ? 1 : 0) : layer + 1;
}

/** Undefined while the line's readings are not there. */
export function lineReadings(
  run: RunView,
  line: Omit<Cell, 'pos'> | Line,
  chosen?: ChosenTarget,
): LineReadings | undefined {
  const { layer, mid } = line;
  const readings = mid ? run.mid?.rows[layer] : run.rows[layer + 1];
  if (!readings) return undefined;
  const late = mid ? run.mid?.late : run.late;
  const row = mid ? layer : layer + 1;
  return {
    readings,
    kl: late?.kl[row],
    final: late?.final[row],
    chosen: chosen?.rows[lineIndex({ layer, ...(mid && { mid }) }, run)],
  };
}

/** The line under a cell's: what its last write came on top of. */
export function lineBelow(
  { layer, mid }: Omit<Cell, 'pos'>,
  run: Pick<RunView, 'mid'>,
): Omit<Cell, 'pos'> | undefined {
  if (layer < 0) return undefined;
  return run.mid && !mid ? { layer, mid: true } : { layer: layer - 1 };
}

/** How the target fares in a line; for `top`, which is another token in every cell, the output. */
export function targetIn(
  { readings, final, chosen }: LineReadings,
  target: Target,
): TargetReadings | undefined {
  switch (target) {
    case 'top':
    case 'output':
      return final;
    case 'next':
      return readings.next;
    case 'input':
      return readings.input;
    default:
      return chosen;
  }
}

/** `5`, `5·att` for its row after attention, `emb`. */
export function lineLabel({ layer, mid }: Omit<Cell, 'pos'> | Line): string {
  return mid ? `${layer}·att` : layerLabel(layer);
}

/** `Layer 5`, `Layer 5 after attention`, `Embedding`. */
export function lineTitle({ layer, mid }: Omit<Cell, 'pos'> | Line): string {
  return layer < 0 ? 'Embedding' : mid ? `Layer ${layer} after attention` : `Layer ${layer}`;
}
