/**
 * The ramp as classes `p0` … `p32`, both schemes at once by `light-dark()`, which follows the color-scheme that the
 * widget inherits or is told; browsers without it get the light scheme.
 */
import { PALETTES, RAMP_CLASSES } from '../shared/picture/palette.ts';
import { inkOn, rampColor } from '../shared/picture/ramp.ts';
import { SERIES } from '../shared/picture/series.ts';

export function colourRules(): string {
  const both = CSS.supports('color', 'light-dark(red, red)');
  const pair = (light: string, dark: string): string => (both ? `light-dark(${light},${dark})` : light);
  const last = RAMP_CLASSES.length - 1;
  const cells = RAMP_CLASSES.map((name, i) => {
    const [light, dark] = [rampColor(i / last, 'light'), rampColor(i / last, 'dark')];
    return `.${name}{background:${pair(light, dark)};color:${pair(inkOn(light), inkOn(dark))}}`;
  });
  const series = SERIES.light.map((light, i) => {
    return `.s${i}{--series:${pair(light, SERIES.dark[i] ?? light)}}`;
  });
  const { light, dark } = PALETTES;
  const named = (['page', 'ink', 'dim', 'line', 'settle'] as const).map(
    (name) => `--rs-${name}:${pair(light[name], dark[name])}`,
  );
  const own = [
    `--rs-card:${pair('#ffffff', '#161b21')}`,
    `--rs-chip:${pair('#f1efe9', '#1f262d')}`,
    `--rs-accent:${pair('#1f5fbf', '#7db3ff')}`,
    `--rs-accent-ink:${pair('#ffffff', '#0c1a2e')}`,
    `--rs-bad:${pair('#b3261e', '#ff9d94')}`,
    `--rs-bar:${pair('#2a6ea6', '#58b0dc')}`,
    `--rs-edge:${pair('#8d8f8c', '#66707a')}`,
    `--rs-shadow:${pair('rgb(28 32 36/16%)', 'rgb(0 0 0/55%)')}`,
  ];
  return `.frame{${[...named, ...own].join(';')}}${cells.join('')}${series.join('')}`;
}
