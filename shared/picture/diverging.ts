/**
 * The colours of a difference: the surface's own for none, blue towards one side, orange towards the other. Both arms
 * have the same lightness at the same distance, so that neither looks stronger, and blue beside orange is told apart
 * with any kind of colour vision.
 */
import { oklabAt, type ColorScheme } from './ramp.ts';

/** Lightness at no and at full difference; chroma and hue of each end. */
const ARMS = {
  light: { lightness: [0.975, 0.5], minus: [0.125, 255], plus: [0.125, 55] },
  dark: { lightness: [0.235, 0.8], minus: [0.11, 245], plus: [0.125, 62] },
} as const;

const STEPS = 128;
const tables = new Map<ColorScheme, readonly string[]>();

/**
 * @param t −1 to 1; what is outside is clamped, and NaN (no reading) is 0.
 * @returns `#rrggbb`
 */
export function divergingColor(t: number, scheme: ColorScheme): string {
  let table = tables.get(scheme);
  if (!table) {
    table = Array.from({ length: 2 * STEPS + 1 }, (_, i) => colourAt((i - STEPS) / STEPS, scheme));
    tables.set(scheme, table);
  }
  const share = t > 0 ? Math.min(t, 1) : t < 0 ? Math.max(t, -1) : 0;
  return table[Math.round((share + 1) * STEPS)] ?? '#808080';
}

function colourAt(t: number, scheme: ColorScheme): string {
  const { lightness, minus, plus } = ARMS[scheme];
  const [chroma, hue] = t < 0 ? minus : plus;
  const size = Math.abs(t);
  const angle = (hue * Math.PI) / 180;
  // Chroma comes a little faster than lightness goes: small differences show their side.
  const c = chroma * Math.sqrt(size);
  return oklabAt(
    lightness[0] + (lightness[1] - lightness[0]) * size,
    c * Math.cos(angle),
    c * Math.sin(angle),
  );
}
