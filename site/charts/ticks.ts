/** Which layers an axis names. */

/** CSS pixels that one label needs. */
const LABEL = 26;

/** @returns evenly spaced layers from the embedding (−1) to the last, with as many as fit. */
export function layerTicks(last: number, width: number): number[] {
  const most = Math.max(2, Math.floor(width / LABEL));
  const step = [1, 2, 4, 5, 10, 20, 50].find((s) => last / s + 2 <= most) ?? 100;
  const ticks = [-1];
  for (let layer = step === 1 ? 0 : step - 1; layer <= last; layer += step) ticks.push(layer);
  return ticks;
}
