/** Colours of lines in charts over the layers. */
import type { ColorScheme } from './ramp.ts';

/** Readable on the page's ground in either scheme, and told apart without colour by their order in the key. */
export const SERIES: Readonly<Record<ColorScheme, readonly string[]>> = {
  light: ['#0b66a8', '#b8541a', '#1b7f4f', '#84479f', '#8a6a00', '#b3366b', '#4a5560'],
  dark: ['#5db4ec', '#f0975a', '#6fcf97', '#c99be6', '#dcc04f', '#f28bb5', '#b7c0c8'],
};
