/** Lists of tokens with a number each, as the neurons view shows them. */
import { html, type TemplateResult } from 'lit';
import type { TokenList } from '../../engine/neurons-api.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { decimals } from '../controllers/numbers.ts';

/** Tokens alone; their numbers on hover, and for all readers in the files. */
export function tokenChips(
  { ids, values }: TokenList,
  texts: ReadonlyMap<number, string>,
  most: number,
): readonly TemplateResult[] {
  return Array.from(
    ids.subarray(0, most),
    (id, i) =>
      html`<span class="token" title=${decimals(values[i] ?? NaN, 3)}
        >${visibleText(texts.get(id) ?? `id ${id}`)}</span
      > `,
  );
}

/** Tokens with their numbers. */
export function tokenNumbers({ ids, values }: TokenList, texts: ReadonlyMap<number, string>): TemplateResult {
  return html`<span class="chips"
    >${Array.from(
      ids,
      (id, i) =>
        html`<span class="pair"
          ><span class="token">${visibleText(texts.get(id) ?? `id ${id}`)}</span
          ><small>${decimals(values[i] ?? NaN)}</small></span
        >`,
    )}</span
  >`;
}
