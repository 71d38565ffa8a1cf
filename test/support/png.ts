/** PNGs read pixel by pixel, by pngjs, which holds every checksum. */
import { PNG } from 'pngjs';

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of a pixel. */
  at(x: number, y: number): readonly [number, number, number];
  /** How many different colours there are. */
  readonly colors: number;
}

/** @throws {Error} on whatever is no PNG. */
export function decodePng(bytes: Buffer): Pixels {
  const { width, height, data } = PNG.sync.read(bytes);
  const at = (x: number, y: number): readonly [number, number, number] => {
    const i = (y * width + x) * 4;
    return [data[i] ?? 0, data[i + 1] ?? 0, data[i + 2] ?? 0];
  };
  const seen = new Set<number>();
  for (let i = 0; i < data.length; i += 4) seen.add(data.readUIntBE(i, 3));
  return { width, height, at, colors: seen.size };
}
