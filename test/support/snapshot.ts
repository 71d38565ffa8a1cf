/**
 * Pictures of the page held against earlier ones, which lie beside the tests. `RENEW_SNAPSHOTS=1` writes them anew.
 *
 * A picture is kept at half its size and in few shades: small files, and no difference from the last bit of a colour.
 * pixelmatch (Mapbox's, which Playwright uses too) tells a moved line from one that is only smoothed otherwise.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';
import { ROOT } from './addresses.ts';

const KEPT = join(ROOT, 'test/browser/snapshots');
/** Ignored by git. */
const FAILED = join(ROOT, 'test-results/snapshots');
/** Share of the pixels that may differ: the last digit of a reading, not a legend. */
export const TOLERANCE = 0.0005;
/** pixelmatch's: how far apart two colours may be, 0 to 1. */
const THRESHOLD = 0.12;
/** The low bits of a channel that are left out: 16 shades are left. */
const LEFT_OUT = 4;

/** What two pictures have apart. */
export interface Difference {
  /** Of the pixels, 0 to 1. */
  readonly share: number;
  /** The differing pixels in red over the first picture, pale. */
  readonly picture: PNG;
}

/** The same picture in 16 shades a channel, opaque. */
export function fewShades(png: PNG): PNG {
  const out = new PNG({ width: png.width, height: png.height });
  const top = 255 >> LEFT_OUT;
  for (let i = 0; i < png.data.length; i++) {
    out.data[i] = i % 4 === 3 ? 255 : Math.round((Math.round(((png.data[i] ?? 0) / 255) * top) * 255) / top);
  }
  return out;
}

/** @throws {Error} where the two have not the same size: something grew or went, and no pixel can be compared. */
export function differenceOf(expected: PNG, actual: PNG): Difference {
  const { width, height } = expected;
  if (actual.width !== width || actual.height !== height) {
    throw new Error(`the picture is ${actual.width} × ${actual.height} pixels, and was ${width} × ${height}`);
  }
  const picture = new PNG({ width, height });
  const count = pixelmatch(expected.data, actual.data, picture.data, width, height, { threshold: THRESHOLD });
  return { share: count / (width * height), picture };
}

/**
 * Compares a picture with the one that is kept under a name; with `RENEW_SNAPSHOTS` set it is kept from now on.
 *
 * @throws {Error} with the share that differs and the files to look at.
 */
export async function expectSnapshot(name: string, bytes: Buffer): Promise<void> {
  const actual = fewShades(PNG.sync.read(bytes));
  const path = join(KEPT, `${name}.png`);
  if (process.env['RENEW_SNAPSHOTS']) {
    await mkdir(KEPT, { recursive: true });
    await writeFile(path, encoded(actual));
    return;
  }
  const expected = PNG.sync.read(await readFile(path));
  let difference: Difference;
  try {
    difference = differenceOf(expected, actual);
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : ''}; ${await keepFailed(name, { actual })}`, { cause: error }); // prettier-ignore
  }
  if (difference.share <= TOLERANCE) return;
  const files = await keepFailed(name, { actual, difference: difference.picture });
  throw new Error(
    `${name}: ${(difference.share * 100).toFixed(2)} % of the pixels differ, at most ${TOLERANCE * 100} % may; ${files}`,
  );
}

async function keepFailed(name: string, pictures: Readonly<Record<string, PNG>>): Promise<string> {
  await mkdir(FAILED, { recursive: true });
  const paths: string[] = [];
  for (const [kind, png] of Object.entries(pictures)) {
    const path = join(FAILED, `${name}.${kind}.png`);
    await writeFile(path, encoded(png));
    paths.push(path);
  }
  return `look at ${paths.join(' and ')}, and if it is meant to be so, renew them with RENEW_SNAPSHOTS=1`;
}

/** Without the alpha channel, which says nothing here. */
function encoded(png: PNG): Buffer {
  return PNG.sync.write(png, { colorType: 2, inputHasAlpha: true, deflateLevel: 9 });
}
