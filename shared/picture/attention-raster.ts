/**
 * Attention maps as pixels: each cell whole pixels wide, the part that a token can't see hatched, so that it never
 * passes for a weight of zero. Pure: a canvas or a picture file takes the pixels from here.
 */
import { shrink } from '../lens/attention.ts';
import { rampColor, rgbOf, type ColorScheme } from './ramp.ts';

const STEPS = 256;

/** What a token can't see: ground and hatch. A weight of zero has the ramp's own pale end. */
export const UNSEEN: Readonly<Record<ColorScheme, readonly [ground: string, hatch: string]>> = {
  light: ['#eeebe3', '#d8d4c8'],
  dark: ['#0b0e11', '#2a323a'],
};

/** Colours as `ImageData` has them in a little-endian u32: 0xAABBGGRR. */
export interface MapColours {
  /** 256 of them, from 0 to the largest. */
  readonly ramp: Uint32Array;
  readonly ground: number;
  readonly hatch: number;
}

const made: Partial<Record<ColorScheme, MapColours>> = {};

export function mapColours(scheme: ColorScheme): MapColours {
  const [ground, hatch] = UNSEEN[scheme];
  return (made[scheme] ??= {
    ramp: Uint32Array.from({ length: STEPS }, (_, i) => packed(rampColor(i / (STEPS - 1), scheme))),
    ground: packed(ground),
    hatch: packed(hatch),
  });
}

function packed(color: string): number {
  const [r, g, b] = rgbOf(color);
  return (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;
}

/** One map in a table of numbers: f32 or u8, [dest, src] from `offset` on. */
export interface MapSource {
  readonly cells: Float32Array | Uint8Array;
  readonly offset: number;
  readonly tokens: number;
  /** Tokens that a query sees, in cells of this map; undefined: all before it. */
  readonly window: number | undefined;
  /** What the strongest colour stands for. */
  readonly most: number;
}

export interface Raster {
  /** Pixels on a side. */
  readonly side: number;
  readonly pixels: Uint32Array;
}

/** Pixels of a cell from which on a gap sets it apart from the next. */
const GAP_FROM = 9;

/**
 * @param limit pixels that the map may have on a side: cells are as many whole pixels wide as fit; where not one
 * fits, a pixel shows the largest weight of the cells that fall on it.
 */
export function rasterMap(source: MapSource, limit: number, { ramp, ground, hatch }: MapColours): Raster {
  const { offset, tokens, most } = source;
  const room = Math.max(1, Math.floor(limit));
  const cell = Math.max(1, Math.floor(room / tokens));
  const small = tokens > room;
  const n = small ? room : tokens;
  const cells = small
    ? shrink(Float32Array.from(source.cells.subarray(offset, offset + tokens ** 2)), tokens, n)
    : source.cells;
  const start = small ? 0 : offset;
  const window = source.window === undefined ? Infinity : Math.ceil((source.window * n) / tokens);
  const side = n * cell;
  const gap = cell >= GAP_FROM ? Math.max(1, Math.round(cell / 16)) : 0;
  const pixels = new Uint32Array(side * side);
  for (let t = 0; t < n; t++) {
    for (let s = 0; s < n; s++) {
      if (s > t || t - s >= window) continue;
      const share = (cells[start + t * n + s] as number) / most;
      const colour = ramp[Math.round(Math.min(Math.max(share, 0), 1) * (STEPS - 1))] as number;
      for (let y = t * cell; y < (t + 1) * cell - gap; y++) {
        pixels.fill(colour, y * side + s * cell, y * side + (s + 1) * cell - gap);
      }
    }
  }
  // What nothing was painted on: cells that are not seen, and the gaps between the others, which stay clear.
  for (let y = 0; y < side; y++) {
    const t = Math.floor(y / cell);
    for (let x = 0; x < side; x++) {
      const s = Math.floor(x / cell);
      if (s > t || t - s >= window) pixels[y * side + x] = (x + y) % HATCH === 0 ? hatch : ground;
    }
  }
  return { side, pixels };
}

/** Pixels from one line of the hatch to the next. */
const HATCH = 6;
