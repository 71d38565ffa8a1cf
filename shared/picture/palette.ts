/** Style sheets of pictures that stand alone: the ramp in steps, as classes, in both colour schemes. */
import type { ColorScheme } from './ramp.ts';
import { inkOn, rampColor } from './ramp.ts';

/** Steps of the ramp that a picture uses: what the eye still tells apart in small cells. */
const STEPS = 32;

export interface Palette {
  readonly page: string;
  readonly ink: string;
  readonly dim: string;
  readonly line: string;
  readonly settle: string;
}

/** Text colours reach a contrast of 4.5 on `page`, the mark where an answer settles 3. */
export const PALETTES: Readonly<Record<ColorScheme, Palette>> = {
  light: { page: '#fbfaf7', ink: '#1c2024', dim: '#5f666d', line: '#e3e1da', settle: '#c46a10' },
  dark: { page: '#101418', ink: '#e6e8ea', dim: '#959ea7', line: '#2b333b', settle: '#f2a65a' },
};

/** The ramp's class for a probability: `p0` … `p32`; NaN is `p0`. */
export function rampClass(p: number): string {
  return `p${Math.round(Math.min(Math.max(Number.isNaN(p) ? 0 : p, 0), 1) * STEPS)}`;
}

/** Every class of the legend, from 0 to 1. */
export const RAMP_CLASSES: readonly string[] = Array.from({ length: STEPS + 1 }, (_, i) => `p${i}`);

/**
 * Rules for both schemes, light ones first and dark ones behind a media query, so that what doesn't know
 * the query draws the light scheme.
 *
 * @param only one scheme, whatever the reader's: for a picture that is turned into pixels.
 * @param colors rules for a palette. @param cell rules for a ramp class, its colour and the ink on it.
 */
export function bothSchemes(
  colors: (palette: Palette) => string,
  cell: (name: string, color: string, ink: string) => string,
  only?: ColorScheme,
): string {
  const rules = (scheme: ColorScheme) => {
    const cells = RAMP_CLASSES.map((name) => {
      const color = rampColor(Number(name.slice(1)) / STEPS, scheme);
      return cell(name, color, inkOn(color));
    });
    return colors(PALETTES[scheme]) + cells.join('');
  };
  if (only) return rules(only);
  return `${rules('light')}@media(prefers-color-scheme:dark){${rules('dark')}}`;
}
