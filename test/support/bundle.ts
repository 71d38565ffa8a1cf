/** Bundles a TypeScript entry of the tests into one ES module, for a child process or a page. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Rolldown } from 'vite';
import { ROOT } from './addresses.ts';

/**
 * @param entry relative to the checkout.
 * @returns the module's text. Packages stay imports where `platform` is Node, and are bundled for a page.
 */
export async function bundle(entry: string, platform: 'node' | 'browser'): Promise<string> {
  const result = await build({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: false,
      target: 'es2023',
      lib: { entry: join(ROOT, entry), formats: ['es'] },
      rolldownOptions: { external: platform === 'node' ? /^(?![./]|[A-Z]:)/ : [] },
    },
  });
  const outputs = (Array.isArray(result) ? result : [result]) as Rolldown.RolldownOutput[];
  const chunks = outputs.flatMap(({ output }) => output).filter((file) => file.type === 'chunk');
  const [chunk] = chunks;
  if (!chunk || chunks.length > 1) throw new Error(`${entry}: expected one chunk, got ${chunks.length}`);
  return chunk.code;
}

/**
 * Bundles for Node and writes it where its imports of packages resolve, and its {@link ROOT} is this checkout: also
 * where `node_modules` is a link to another's. @returns the file's path.
 */
export async function bundleForNode(entry: string): Promise<string> {
  const folder = join(ROOT, 'dist', 'children');
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${entry.replaceAll(/[^a-z0-9]+/gi, '-')}-${process.pid}.mjs`);
  await writeFile(file, await bundle(entry, 'node'));
  return file;
}
