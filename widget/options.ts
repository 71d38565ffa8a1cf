/** What the element's attributes say, checked: they come from a post's author by hand. */
import { InputError } from '../shared/errors.ts';
import type { TraceRow } from '../shared/trace/format.ts';

export type Theme = 'auto' | 'light' | 'dark';

/** Candidates in a card, unless `top-k` says otherwise. */
const CANDIDATES = 5;

/**
 * Which rows of a trace to show: `0-3,7`, `emb` or `-1` for the embedding; a layer's row after attention comes with
 * it. Missing or empty: all.
 *
 * @returns indices into `rows`, ascending.
 * @throws {InputError} `layers: expected …, got …`
 */
export function chosenRows(text: string | null, rows: readonly TraceRow[]): readonly number[] {
  const all = rows.map((_, r) => r);
  if (text === null || text.trim() === '') return all;
  const spans = text.split(',').map((part): readonly [number, number] => {
    const word = part.trim();
    const span = /^(\d+)\s*[-–]\s*(\d+)$/.exec(word);
    if (span) return [Number(span[1]), Number(span[2])];
    if (word === 'emb' || word === '-1') return [-1, -1];
    if (!/^\d+$/.test(word)) {
      throw new InputError(`layers: expected layers such as "0-3,7,emb", got ${JSON.stringify(text)}`);
    }
    return [Number(word), Number(word)];
  });
  const chosen = all.filter((r) =>
    spans.some(([first, last]) => {
      const layer = rows[r]?.layer ?? Number.NaN;
      return layer >= first && layer <= last;
    }),
  );
  if (chosen.length > 0) return chosen;
  const known = `${rows[0]?.layer ?? 0} to ${rows.at(-1)?.layer ?? 0}`;
  throw new InputError(`layers: expected some of the trace’s layers, ${known}, got ${JSON.stringify(text)}`);
}

/** Candidates that a card lists. @throws {InputError} */
export function candidates(text: string | null): number {
  if (text === null || text.trim() === '') return CANDIDATES;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 1000) return count;
  throw new InputError(`top-k: expected a whole number from 1 to 1000, got ${JSON.stringify(text)}`);
}

/** The table's largest height as CSS; a bare number is CSS pixels. Undefined: as high as it is. @throws {InputError} */
export function tableHeight(text: string | null): string | undefined {
  if (text === null || text.trim() === '') return undefined;
  const found = /^(\d+(?:\.\d+)?)(px|em|rem|vh|svh|dvh)?$/.exec(text.trim());
  if (found) return `${found[1] ?? ''}${found[2] ?? 'px'}`;
  throw new InputError(`height: expected a length such as 360 or 60vh, got ${JSON.stringify(text)}`);
}

/** @throws {InputError} */
export function themeOf(text: string | null): Theme {
  if (text === null || text === '' || text === 'auto') return 'auto';
  if (text === 'light' || text === 'dark') return text;
  throw new InputError(`theme: expected light, dark or auto, got ${JSON.stringify(text)}`);
}

/** What a live run computes on. @throws {InputError} */
export function deviceOf(text: string): 'auto' | 'wasm' | 'webgpu' {
  if (text === '' || text === 'auto') return 'auto';
  if (text === 'wasm' || text === 'webgpu') return text;
  throw new InputError(`device: expected wasm, webgpu or auto, got ${JSON.stringify(text)}`);
}
