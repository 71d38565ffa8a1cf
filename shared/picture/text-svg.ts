/** A text whose tokens are shaded by a share each, once or more, as one SVG that stands alone. */
import { clip, displayWidth } from './display-width.ts';
import { escapeMarkup } from './escape.ts';
import { bothSchemes, rampClass } from './palette.ts';
import type { ColorScheme } from './ramp.ts';
import { visibleText } from './visible.ts';

export interface ShadedText {
  readonly name: string;
  /** 0 to 1 a token; NaN where there is none: not shaded. */
  readonly shares: ArrayLike<number>;
}

export interface TextPicture {
  readonly title: string;
  readonly subtitle: string;
  readonly pieces: readonly string[];
  /** The token in question: it has a frame. */
  readonly pos: number;
  readonly texts: readonly ShadedText[];
}

/** CSS pixels. */
const BOX = { width: 640, left: 16, top: 70, character: 7.8, line: 26, gap: 3, between: 42 } as const;
/** Characters of a token that are shown. */
const LONGEST = 60;

interface Place {
  readonly text: string;
  readonly x: number;
  readonly line: number;
  readonly width: number;
}

/** @param scheme default: light colours, and dark ones by a media query. */
export function textSvg({ title, subtitle, pieces, pos, texts }: TextPicture, scheme?: ColorScheme): string {
  const places = laid(pieces);
  const tall = ((places.at(-1)?.line ?? 0) + 1) * BOX.line + BOX.between;
  const height = BOX.top + texts.length * tall;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${BOX.width}" height="${height}" viewBox="0 0 ${BOX.width} ${height}" role="img" aria-label="${escapeMarkup(`${title}: ${subtitle}`)}">`,
    `<style>${rules(scheme)}</style>`,
    '<rect class="page" width="100%" height="100%"/>',
    `<text class="head" x="16" y="28">${escapeMarkup(clip(title, 80))}</text>`,
    `<text class="dim" x="16" y="46">${escapeMarkup(clip(subtitle, 88))}</text>`,
    ...texts.map(({ name, shares }, t) => {
      const top = BOX.top + t * tall;
      const tokens = places.map(({ text, x, line, width }, at) => {
        const share = shares[at] ?? Number.NaN;
        const kind = Number.isNaN(share) ? '' : rampClass(share);
        const y = top + 12 + line * BOX.line;
        const box = (name: string): string =>
          `<rect class="${name}" x="${x}" y="${y}" width="${width}" height="${BOX.line - 5}" rx="3"/>`;
        return (
          `${kind === '' ? '' : box(kind)}${at === pos ? box('own') : ''}` +
          `<text class="${kind === '' ? 'dim' : `t${kind}`}" x="${x + 4}" y="${y + 15}">${escapeMarkup(text)}</text>`
        );
      });
      return `<text class="dim" x="16" y="${top}">${escapeMarkup(clip(name, 80))}</text>${tokens.join('')}`;
    }),
    '</svg>',
  ].join('\n');
}

/** Tokens in lines, as wide as their texts. */
function laid(pieces: readonly string[]): readonly Place[] {
  let [x, line]: [number, number] = [BOX.left, 0];
  return pieces.map((piece) => {
    const text = clip(visibleText(piece), LONGEST);
    const width = Math.round(displayWidth(text) * BOX.character) + 8;
    if (x > BOX.left && x + width > BOX.width - BOX.left) [x, line] = [BOX.left, line + 1];
    const place = { text, x, line, width };
    x += width + BOX.gap;
    return place;
  });
}

function rules(only: ColorScheme | undefined): string {
  const shape =
    'text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}.head{font:600 14px system-ui,sans-serif}.dim{font-size:12px}.own{fill:none;stroke-width:2}';
  return (
    shape +
    bothSchemes(
      ({ page, ink, dim }) => `.page{fill:${page}}.head{fill:${ink}}.dim{fill:${dim}}.own{stroke:${ink}}`,
      (name, color, inkOnIt) => `.${name}{fill:${color}}.t${name}{fill:${inkOnIt}}`,
      only,
    )
  );
}
