/**
 * The colour ramp of every lens table: page, picture, widget and terminal use this one. Lightness changes evenly
 * along it (Oklab), so it reads the same without colour vision and in grey; hue only helps. 0 is the colour of
 * the surface it lies on, 1 the strongest.
 *
 * @see Ottosson 2020, "A perceptual color space for image processing" (Oklab)
 */

export type ColorScheme = 'light' | 'dark';

/** [chroma, hue in degrees] at even steps of t; lightness runs straight from the first number to the second. */
interface Ramp {
  readonly lightness: readonly [number, number];
  readonly tint: readonly (readonly [number, number])[];
}

const RAMPS: Record<ColorScheme, Ramp> = {
  light: {
    lightness: [0.975, 0.43],
    tint: [
      [0.006, 95],
      [0.055, 205],
      [0.09, 225],
      [0.112, 240],
      [0.115, 252],
    ],
  },
  dark: {
    lightness: [0.235, 0.86],
    tint: [
      [0.014, 250],
      [0.06, 250],
      [0.095, 240],
      [0.1, 222],
      [0.085, 200],
    ],
  },
};

/** The other arm of a diverging scale: the same lightness, in orange. */
const WARM: Record<ColorScheme, Ramp> = {
  light: {
    lightness: RAMPS.light.lightness,
    tint: [
      [0.006, 95],
      [0.06, 75],
      [0.105, 62],
      [0.125, 52],
      [0.118, 45],
    ],
  },
  dark: {
    lightness: RAMPS.dark.lightness,
    tint: [
      [0.014, 250],
      [0.055, 45],
      [0.1, 52],
      [0.11, 60],
      [0.09, 72],
    ],
  },
};

const STEPS = 256;
const warm: Partial<Record<ColorScheme, readonly string[]>> = {};
const tables: Partial<Record<ColorScheme, readonly string[]>> = {};

/**
 * The colour for a share of the range.
 *
 * @param t 0 to 1; what is outside is clamped, and NaN (no reading) is 0.
 * @returns `#rrggbb`
 */
export function rampColor(t: number, scheme: ColorScheme): string {
  const table = (tables[scheme] ??= Array.from({ length: STEPS }, (_, i) =>
    colorAt(RAMPS[scheme], i / (STEPS - 1)),
  ));
  const share = t > 0 ? Math.min(t, 1) : 0;
  return table[Math.round(share * (STEPS - 1))] ?? '#808080';
}

/**
 * The colour of a number with a sign: blue above 0, orange below, the surface's own at 0; equally strong for equal sizes.
 *
 * @param t −1 to 1; what is outside is clamped, and NaN is 0.
 * @returns `#rrggbb`
 */
export function divergingColor(t: number, scheme: ColorScheme): string {
  if (!(t < 0)) return rampColor(t, scheme);
  const table = (warm[scheme] ??= Array.from({ length: STEPS }, (_, i) =>
    colorAt(WARM[scheme], i / (STEPS - 1)),
  ));
  return table[Math.round(Math.min(-t, 1) * (STEPS - 1))] ?? '#808080';
}

/**
 * Black or white, whichever stands out more on an opaque colour. One of the two always reaches a contrast of
 * 4.58, so text set in it passes WCAG AA (4.5).
 *
 * @param background `#rrggbb`
 */
export function inkOn(background: string): '#000000' | '#ffffff' {
  const y = relativeLuminance(background);
  return (y + 0.05) / 0.05 >= 1.05 / (y + 0.05) ? '#000000' : '#ffffff';
}

/** WCAG 2 contrast of two opaque `#rrggbb` colours, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [low, high] = [relativeLuminance(a), relativeLuminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** [red, green, blue], 0 to 255, of `#rrggbb`. */
export function rgbOf(color: string): [number, number, number] {
  const n = Number.parseInt(color.slice(1), 16);
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
}

/** WCAG 2 relative luminance, 0 to 1. */
function relativeLuminance(color: string): number {
  const [r, g, b] = rgbOf(color).map((byte) => {
    const c = byte / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function colorAt({ lightness, tint }: Ramp, t: number): string {
  const at = t * (tint.length - 1);
  const i = Math.min(Math.floor(at), tint.length - 2);
  const [a0, b0] = cartesian(tint[i]);
  const [a1, b1] = cartesian(tint[i + 1]);
  const f = at - i;
  return oklabAt(lightness[0] + (lightness[1] - lightness[0]) * t, a0 + (a1 - a0) * f, b0 + (b1 - b0) * f);
}

function cartesian(tint: readonly [number, number] | undefined): [number, number] {
  const [chroma, hue] = tint ?? [0, 0];
  const angle = (hue * Math.PI) / 180;
  return [chroma * Math.cos(angle), chroma * Math.sin(angle)];
}

/** Oklab to sRGB; what lies outside the gamut is clamped. */
function oklabAt(lightness: number, a: number, b: number): string {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  const bytes = linear.map((c) => {
    const encoded = c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055;
    return Math.round(Math.min(Math.max(encoded, 0), 1) * 255);
  });
  return `#${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
