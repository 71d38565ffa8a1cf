/**
 * The lens table as plain data: what the picture, the standalone page and the terminal all draw. Rows run from the
 * last layer down to the embedding, columns over the tokens; a cell is the top token after that column's token.
 */
import { NEVER, type TraceData } from '../trace/data.ts';
import { visibleText } from './visible.ts';

export interface LensTable {
  readonly columns: readonly LensColumn[];
  readonly rows: readonly LensRow[];
}

export interface LensColumn {
  readonly pos: number;
  /** The token read there, invisible characters marked. */
  readonly label: string;
}

export interface LensRow {
  readonly layer: number;
  /** `7`, `7 mid`, `emb` */
  readonly label: string;
  /** One a column. */
  readonly cells: readonly LensCell[];
}

export interface LensCell {
  /** The top token, invisible characters marked; `–` when the trace has none here. */
  readonly label: string;
  /** Probability of the top token, 0 to 1; NaN for none. */
  readonly p: number;
  /** The layer from which on the answer stays. */
  readonly settles: boolean;
}

/** The trace's table, top row first. */
export function lensTable(trace: TraceData): LensTable {
  const { rows, k, topIds, topLogprobs, convergence } = trace.lens;
  const columns = trace.pieces.map((piece, pos) => ({ pos, label: visibleText(piece) }));
  const drawn = rows.map(({ layer, mid = false }, r) => ({
    layer,
    label: layer === -1 ? 'emb' : mid ? `${layer} mid` : `${layer}`,
    cells: columns.map(({ pos }): LensCell => {
      const at = (r * columns.length + pos) * k;
      const id = topIds[at] ?? -1;
      return {
        label: id === -1 ? '–' : visibleText(trace.texts.get(id) ?? ''),
        p: Math.exp(topLogprobs[at] ?? Number.NaN),
        settles: !mid && layer === convergence[pos],
      };
    }),
  }));
  return { columns, rows: drawn.reverse() };
}

/** `0.974`; `<0.001` and `>0.999` near the ends, `–` for none. */
export function probabilityText(p: number): string {
  if (Number.isNaN(p)) return '–';
  if (p < 0.0005) return '<0.001';
  return p >= 0.9995 && p < 1 ? '>0.999' : p.toFixed(3);
}

/** One sentence, made from the numbers: where the answer after the last token settles. */
export function settlingSentence(trace: TraceData): string {
  const { rows, k, topIds, topLogprobs, entropy, convergence } = trace.lens;
  const pos = trace.ids.length - 1;
  const after = `After “${visibleText(trace.pieces[pos] ?? '')}”`;
  const r = rows.length - 1;
  const at = (r * trace.ids.length + pos) * k;
  const id = topIds[at] ?? -1;
  const settled = convergence[pos] ?? NEVER;
  if (id === -1 || settled === NEVER) return `${after} the rows of this trace don’t settle.`;
  const answer = `“${visibleText(trace.texts.get(id) ?? '')}”`;
  const h = entropy?.[r * trace.ids.length + pos];
  const numbers = `p ${probabilityText(Math.exp(topLogprobs[at] ?? 0))}${h === undefined ? '' : `, entropy ${h.toFixed(2)} nats`}`;
  const last = rows[r]?.layer ?? 0;
  if (settled === last)
    return `${after} the answer changes until the last layer, ${last}: ${answer} (${numbers}).`;
  const from = settled === -1 ? 'the embedding' : `layer ${settled}`;
  return `${after} the answer is ${answer} from ${from} on, of layers 0 to ${last} (${numbers}).`;
}

/** What was run and where, and how its checks came out: `fable-4m, 8 layers, wasm, checks pass`. */
export function runSummary(trace: TraceData): string {
  const failed = trace.checks.filter((check) => check.status === 'fail');
  const passed = trace.checks.some((check) => check.status === 'pass');
  const checks = failed.map(
    (check) => `check “${visibleText(check.name)}” failed: ${visibleText(check.note)}`,
  );
  return [
    visibleText(trace.model.id),
    `${trace.model.layers} layers`,
    ...(trace.device === undefined ? [] : [visibleText(trace.device.name)]),
    ...(failed.length > 0 ? checks : passed ? ['checks pass'] : []),
  ].join(' · ');
}
