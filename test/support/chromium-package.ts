/**
 * The npm package `@sparticuz/chromium`, unpacked once: a headless Chromium, the few libraries that a bare Linux
 * lacks, fonts, and SwiftShader (WebGPU without a GPU, in this Chromium and for Dawn in Node).
 *
 * The package's own `executablePath()` unpacks to fixed names in the temporary folder, where two test processes
 * would read what the other has half written, and leaves the libraries out. Here everything goes to a folder named
 * by the version and appears whole or not at all.
 */
import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createBrotliDecompress } from 'node:zlib';
import { messageOf } from '../../shared/errors.ts';

const run = promisify(execFile);

export interface ChromiumPackage {
  readonly executable: string;
  /** libnss3, libnspr4, libexpat and what they load, for machines without them. */
  readonly libraries: string;
  /** Holds `libvulkan.so.1`, `libvk_swiftshader.so` and `vk_swiftshader_icd.json`. */
  readonly swiftshader: string;
  /** Names the package's fonts, and the system's when it has some. */
  readonly fontsConf: string;
}

let unpacked: Promise<ChromiumPackage> | undefined;

/** @throws {Error} when the package isn't installed or can't be unpacked here. */
export function unpackChromium(): Promise<ChromiumPackage> {
  unpacked ??= unpack();
  return unpacked;
}

async function unpack(): Promise<ChromiumPackage> {
  const require = createRequire(import.meta.url);
  const root = join(dirname(require.resolve('@sparticuz/chromium')), '..', '..');
  const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const version = (manifest as { version: string }).version;
  const cache = join(root, '..', '..', '.cache', 'residscope');
  const folder = join(cache, `chromium-${version}`);
  if (!existsSync(folder)) {
    await mkdir(cache, { recursive: true });
    const staging = await mkdtemp(join(cache, 'unpacking-'));
    try {
      await unpackInto(staging, join(root, 'bin'));
      await writeFile(join(staging, 'fonts.conf'), fontsConfText(folder));
      await rename(staging, folder);
    } catch (error) {
      await rm(staging, { recursive: true, force: true });
      // Another process may have been faster; then its folder is as good.
      if (!existsSync(folder)) throw new Error(`@sparticuz/chromium: ${messageOf(error)}`, { cause: error });
    }
  }
  return {
    executable: join(folder, 'chromium'),
    libraries: join(folder, 'lib'),
    swiftshader: folder,
    fontsConf: join(folder, 'fonts.conf'),
  };
}

async function unpackInto(folder: string, bin: string): Promise<void> {
  const executable = join(folder, 'chromium');
  await decompress(join(bin, 'chromium.br'), executable);
  await chmod(executable, 0o755);
  await untar(join(bin, 'al2023.tar.br'), folder); // holds lib/
  await untar(join(bin, 'fonts.tar.br'), folder); // holds fonts/
  await untar(join(bin, 'swiftshader.tar.br'), folder); // Chromium looks for these beside itself
}

async function decompress(from: string, to: string): Promise<void> {
  await pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to));
}

/** By way of a file: tar ends at the archive's end mark, and a pipe that still holds padding would break. */
async function untar(archive: string, into: string): Promise<void> {
  const tar = join(into, 'archive.tar');
  await decompress(archive, tar);
  await run('tar', ['-x', '--no-same-owner', '-C', into, '-f', tar]);
  await rm(tar);
}

function fontsConfText(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>${join(folder, 'fonts')}</dir>
  <cachedir>${join(folder, 'fonts-cache')}</cachedir>
</fontconfig>
`;
}
