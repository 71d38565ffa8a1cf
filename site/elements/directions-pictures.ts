/** The directions view's pictures: the states' path, angles between layers, the experiment's histogram. SVG. */
import { html, svg, type TemplateResult } from 'lit';
import type { Directions, HistogramBin } from '../../engine/directions-api.ts';
import { SEED_FIGURES } from '../../shared/lens/experiment.ts';
import { rampColor, type ColorScheme } from '../../shared/picture/ramp.ts';
import type { LongPress } from '../controllers/long-press.ts';
import { layerLabel, layerName } from '../controllers/view-state.ts';

/** The ramp without its palest part, which would not stand out from the card. */
const PALEST = 0.25;

/** A layer's colour: the page's perceptual ramp, from the embedding (pale) to the last layer (strong). */
export function layerColour(layer: number, layers: number, scheme: ColorScheme): string {
  return rampColor(PALEST + ((1 - PALEST) * (layer + 1)) / layers, scheme);
}

/** `50.0%` */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

const WIDE = 380;
const PAD = { left: 30, right: 34, top: 16, bottom: 30 };

/** States in (PC1, PC2), joined in layer order; one scale for both axes, so that distances mean something. */
export function pathPicture(found: Directions, layers: number, scheme: ColorScheme): TemplateResult {
  const { path, count, states, pos, ratios } = found;
  const x = (i: number): number => path[i * count] ?? 0;
  const y = (i: number): number => (count > 1 ? (path[i * count + 1] ?? 0) : 0);
  const all = states.map((_, i) => i);
  const [left, right] = [Math.min(0, ...all.map(x)), Math.max(0, ...all.map(x))];
  const [low, high] = [Math.min(0, ...all.map(y)), Math.max(0, ...all.map(y))];
  const span = Math.max(right - left, high - low) || 1;
  const scale = (WIDE - PAD.left - PAD.right) / span;
  // As tall as PC2 needs, within what a card holds.
  const height = Math.max(120, (high - low) * scale) + PAD.top + PAD.bottom;
  const middle = (PAD.top + height - PAD.bottom) / 2;
  const px = (v: number): number =>
    PAD.left + (v - left) * scale + (WIDE - PAD.left - PAD.right - (right - left) * scale) / 2;
  const py = (v: number): number => middle - (v - (low + high) / 2) * scale;
  const own = all.filter((i) => states[i]?.pos === pos);
  const others = all.filter((i) => states[i]?.pos !== pos);
  const ends = [own[0], own.at(-1)].filter((i) => i !== undefined);
  const label = `Path of the states in PC1 and PC2, ${own.length} points from the embedding (${x(own[0] ?? 0).toFixed(1)}, ${y(own[0] ?? 0).toFixed(1)}) to the last layer (${x(own.at(-1) ?? 0).toFixed(1)}, ${y(own.at(-1) ?? 0).toFixed(1)})`;
  const point = (i: number, r: number): unknown => {
    const state = states[i];
    if (!state) return '';
    const name = `${layerName(state.layer)}${state.mid ? ', after attention' : ''}${state.pos === pos ? '' : `, position ${state.pos}`}`;
    return svg`<circle cx=${px(x(i))} cy=${py(y(i))} r=${state.mid ? r * 0.65 : r}
      fill=${layerColour(state.layer, layers, scheme)}
      opacity=${state.pos === pos ? 1 : 0.4}><title>${name}: PC1 ${x(i).toFixed(2)}, PC2 ${y(i).toFixed(2)}</title></circle>`;
  };
  return html`<svg class="picture" viewBox="0 0 ${WIDE} ${height}" role="img" aria-label=${label}>
    ${svg`<line class="axis" x1=${PAD.left} x2=${WIDE - PAD.right} y1=${py(0)} y2=${py(0)}></line>
      <line class="axis" x1=${px(0)} x2=${px(0)} y1=${PAD.top} y2=${height - PAD.bottom}></line>
      ${others.map((i) => point(i, 2.6))}
      <polyline class="way" points=${own.map((i) => `${px(x(i))},${py(y(i))}`).join(' ')}></polyline>
      ${own.map((i) => point(i, 4.6))}
      ${ends.map(
        (i) => svg`<text x=${px(x(i)) + 8} y=${py(y(i)) - 6}>${layerLabel(states[i]?.layer ?? -1)}</text>`,
      )}
      <text x=${WIDE / 2} y=${height - 8} text-anchor="middle">PC1, ${percent(ratios[0] ?? 0)}</text>
      <text x="12" y=${middle} text-anchor="middle" transform="rotate(-90 12 ${middle})">PC2, ${percent(ratios[1] ?? 0)}</text>`}
  </svg>`;
}

/** The legend of layers by colour. */
export function layerKey(layers: number, scheme: ColorScheme): TemplateResult {
  const steps = Array.from({ length: layers + 1 }, (_, i) => i - 1);
  return html`<div class="key">
    <span
      >emb
      <svg
        class="scale"
        viewBox="0 0 ${steps.length} 1"
        preserveAspectRatio="none"
        role="img"
        aria-label="Colours from the embedding, pale, to the last layer, strong"
      >
        ${steps.map((layer, i) => svg`<rect x=${i} width="1.05" height="1" fill=${layerColour(layer, layers, scheme)}></rect>`)}
      </svg>
      layer ${layers - 1}</span
    >
  </div>`;
}

/** Two rows of the table. */
export type CosineCell = readonly [number, number];

/** Cosine similarity of every two rows. @param onCell told of the rows under the pointer; @param press for fingers. */
export function cosinePicture(
  cosines: Float64Array,
  scheme: ColorScheme,
  onCell: (cell: CosineCell | undefined) => void,
  press: LongPress<CosineCell>,
): TemplateResult {
  const rows = Math.round(Math.sqrt(cosines.length));
  const { least, colour } = cosineScale(cosines, scheme);
  const margin = rows * 0.09;
  const size = rows + margin;
  const step = Math.max(1, Math.ceil(rows / 10));
  const ticks = Array.from({ length: rows }, (_, i) => i).filter((i) => i % step === 0 || i === rows - 1);
  const at = (event: PointerEvent): CosineCell | undefined => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * size - margin);
    const row = Math.floor(((event.clientY - box.top) / box.height) * size);
    return column >= 0 && column < rows && row >= 0 && row < rows ? [rows - 1 - row, column] : undefined;
  };
  const font = size / 30;
  return html`<svg
    class="picture"
    viewBox="0 0 ${size} ${size}"
    role="img"
    aria-label="Cosine similarity between the ${rows} rows, from ${least.toFixed(2)} to 1; the embedding and the last layer: ${(cosines[rows - 1] ?? NaN).toFixed(2)}"
    @pointermove=${(event: PointerEvent) => {
      if (event.pointerType !== 'touch') onCell(at(event));
    }}
    @pointerleave=${(event: PointerEvent) => {
      if (event.pointerType !== 'touch') onCell(undefined);
    }}
    @pointerdown=${(event: PointerEvent) => press.down(event, at(event))}
  >
    ${Array.from(cosines, (value, i) => {
      const row = Math.floor(i / rows);
      return svg`<rect x=${margin + (i % rows)} y=${rows - 1 - row} width="1.02" height="1.02" fill=${colour(value)}></rect>`;
    })}
    ${ticks.map(
      (
        i,
      ) => svg`<text font-size=${font} text-anchor="end" x=${margin * 0.85} y=${rows - i - 0.5 + font / 3}>${layerLabel(i - 1)}</text>
        <text font-size=${font} text-anchor="middle" x=${margin + i + 0.5} y=${rows + margin * 0.6}>${layerLabel(i - 1)}</text>`,
    )}
  </svg>`;
}

/** The colour of a cosine: the ramp from the smallest, rounded down to a tenth, to 1. */
export function cosineScale(
  cosines: Float64Array,
  scheme: ColorScheme,
): { least: number; colour: (value: number) => string } {
  const smallest = cosines.reduce((a, b) => (b < a ? b : a), 1);
  const least = Math.min(0.9, Math.floor(smallest * 10) / 10);
  return { least, colour: (value) => rampColor((value - least) / (1 - least), scheme) };
}

export function cosineKey(cosines: Float64Array, scheme: ColorScheme): TemplateResult {
  const { least } = cosineScale(cosines, scheme);
  const steps = Array.from({ length: 24 }, (_, i) => i);
  return html`<div class="key">
    <span
      >${least.toFixed(1)}
      <svg
        class="scale"
        viewBox="0 0 24 1"
        preserveAspectRatio="none"
        role="img"
        aria-label="Colour scale from pale to strong"
      >
        ${steps.map((i) => svg`<rect x=${i} width="1.05" height="1" fill=${rampColor(i / 23, scheme)}></rect>`)}
      </svg>
      1</span
    >
  </div>`;
}

/** Prompts by the first component's share; filled where it reads as the prediction. */
export function histogramPicture(bins: readonly HistogramBin[], mean: number): TemplateResult {
  const [width, height, base] = [400, 176, 142];
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const left = 26;
  const px = (share: number): number => left + share * (width - left - 8);
  const py = (n: number): number => base - (n / most) * (base - 24);
  return html`<svg
    class="picture histogram"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="Histogram of the share along PC1 over ${bins.reduce((n, { count }) => n + count, 0)} prompts, mean ${mean.toFixed(3)}"
  >
    ${svg`<line class="axis" x1=${left} x2=${width - 8} y1=${base} y2=${base}></line>
    ${bins
      .filter(({ count }) => count > 0)
      .map(({ from, to, count, matches }) => {
        const [x, w] = [px(from) + 1, px(to) - px(from) - 2];
        return svg`<g><title>${from.toFixed(2)} to ${to.toFixed(2)}: ${count} prompts, ${matches} match</title>
          <rect class="unmatched" x=${x} width=${w} y=${py(count)} height=${base - py(count)}></rect>
          <rect class="matched" x=${x} width=${w} y=${py(matches)} height=${base - py(matches)}></rect></g>`;
      })}
    <line class="seed" x1=${px(SEED_FIGURES.ratio)} x2=${px(SEED_FIGURES.ratio)} y1="16" y2=${base}></line>
    <text x=${px(SEED_FIGURES.ratio)} y="11" text-anchor="middle">seed’s mean, ${SEED_FIGURES.ratio}</text>
    <text x=${left - 5} y=${py(most) + 4} text-anchor="end">${most}</text>
    <text x=${left - 5} y=${base} text-anchor="end">0</text>
    ${[0, 0.25, 0.5, 0.75, 1].map((t) => svg`<text x=${px(t)} y=${base + 14} text-anchor=${t === 1 ? 'end' : 'middle'}>${t}</text>`)}
    <text x=${px(0.5)} y=${base + 27} text-anchor="middle">share of the variance along PC1</text>`}
  </svg>`;
}
