/** Exact numbers of one token: what it looks at most, who looks at it most, and all of it as a table. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import { isSeen } from '../../shared/lens/attention.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { length, weight } from '../words/attention.ts';
import type { ShownMap } from '../controllers/attention-shown.ts';

/** Tokens of each list. */
const TOP = 6;

/** @param src the cell in question, named first. @param choose goes to a token. */
export function readout(
  shown: ShownMap,
  dest: number,
  src: number,
  choose: (pos: number) => void,
): TemplateResult {
  const { maps } = shown;
  const to = others(shown, dest, 'to');
  const from = others(shown, dest, 'from');
  const token = (pos: number): string => visibleText(maps.run.pieces[pos] ?? '');
  const cell = to.find(({ pos }) => pos === src);
  return html`${
      cell
        ? html`<p class="said">
            looks at <span class="token">${token(src)}</span> (position ${src}):
            <b>${numberOf(shown, cell.value)}</b>
          </p>`
        : nothing
    }
    <h3>Looks at</h3>
    ${list(shown, to, choose, 'Looks at')}
    <h3>Is looked at by</h3>
    ${list(shown, from, choose, 'Is looked at by')}`;
}

interface Other {
  readonly pos: number;
  readonly value: number;
}

/** Strongest first. */
function others({ maps, cells, offset }: ShownMap, pos: number, direction: 'to' | 'from'): readonly Other[] {
  const { tokens, window } = maps;
  return Array.from({ length: tokens }, (_, other): Other => {
    const [dest, src] = direction === 'to' ? [pos, other] : [other, pos];
    const value = isSeen(dest, src, window) ? (cells[offset + dest * tokens + src] ?? NaN) : NaN;
    return { pos: other, value };
  })
    .filter(({ value }) => !Number.isNaN(value))
    .sort((a, b) => b.value - a.value);
}

function list(
  shown: ShownMap,
  found: readonly Other[],
  choose: (pos: number) => void,
  label: string,
): TemplateResult {
  return html`<ol aria-label=${label}>
    ${found.slice(0, TOP).map(
      ({ pos, value }) =>
        html`<li>
          <button title="Position ${pos}" @click=${() => choose(pos)}>
            <span>${visibleText(shown.maps.run.pieces[pos] ?? '')}</span>
            <svg aria-hidden="true">
              ${svg`<rect width=${`${Math.max((100 * value) / (shown.most || 1), 0.4)}%`} height="100%" rx="3"></rect>`}
            </svg>
            <span class="p">${numberOf(shown, value)}</span>
          </button>
        </li>`,
    )}
  </ol>`;
}

/** Every token beside the one in question. */
export function rowTable(shown: ShownMap, pos: number): TemplateResult {
  const { maps, cells, offset } = shown;
  const { tokens, window, run } = maps;
  const at = (dest: number, src: number): string =>
    isSeen(dest, src, window)
      ? numberOf(shown, cells[offset + dest * tokens + src] ?? Number.NaN)
      : 'not seen';
  const own = visibleText(run.pieces[pos] ?? '');
  return html`<div
    class="scroll"
    tabindex="0"
    role="region"
    aria-label="Attention of ${own}, position ${pos}"
  >
    <table>
      <thead>
        <tr>
          <th scope="col">position</th>
          <th scope="col">token</th>
          <th scope="col">${own} looks at it</th>
          <th scope="col">it looks at ${own}</th>
        </tr>
      </thead>
      <tbody>
        ${run.pieces.map(
          (piece, other) =>
            html`<tr>
              <td>${other}</td>
              <th scope="row"><span class="token">${visibleText(piece)}</span></th>
              <td>${at(pos, other)}</td>
              <td>${at(other, pos)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function numberOf({ weighed }: ShownMap, value: number): string {
  return weighed ? length(value) : weight(value);
}
