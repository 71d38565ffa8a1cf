/**
 * The static site: page and engine worker with hashed names under assets/, and ONNX Runtime's wasm files, gzipped,
 * under ort/VERSION/. A static asset may have 25 MiB at most where the site is served; the largest runtime file
 * has 26.8 MB and a quarter of that gzipped, so the worker fetches `.wasm.gz` and unpacks it itself.
 */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { defaultClientConditions, defineConfig, type Plugin } from 'vite';
import type { SiteFiles } from './site/offline/files.ts';

const ROOT = dirname(fileURLToPath(import.meta.url));
const ORT = join(ROOT, 'node_modules/onnxruntime-web');
/** Plain wasm; WebGPU where the browser can suspend wasm (JSPI); WebGPU elsewhere (asyncify). */
const RUNTIMES = ['ort-wasm-simd-threaded', 'ort-wasm-simd-threaded.jspi', 'ort-wasm-simd-threaded.asyncify'];

/** Files that the service worker keeps: the page, its code, the embedded model, the runtime that runs everywhere. */
const OFFLINE = [
  /^index\.html$/,
  // The engine's frame, for a widget in a page of the same site; browsers keep what others frame apart.
  /^live\/index\.html$/,
  /^manifest\.webmanifest$/,
  /^favicon\.svg$/,
  /^icons\//,
  /^assets\//,
  /^ort\/[^/]+\/ort-wasm-simd-threaded\.(?:mjs|wasm\.gz)$/,
  /^models\/.*\.(?:json|safetensors|txt)$/,
  /^reference\//,
];

const ortVersion = await versionOf(ORT);

async function versionOf(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}

/** Gzips a runtime file once and keeps the result under node_modules/.cache. */
async function gzipped(name: string): Promise<string> {
  const cached = join(ROOT, 'node_modules/.cache/residscope', `ort-${ortVersion}`, `${name}.wasm.gz`);
  const known = await stat(cached).catch(() => undefined);
  if (known) return cached;
  const packed = await promisify(gzip)(await readFile(join(ORT, 'dist', `${name}.wasm`)), {
    level: constants.Z_BEST_COMPRESSION,
  });
  await mkdir(dirname(cached), { recursive: true });
  const partial = `${cached}.${process.pid}`;
  await writeFile(partial, packed);
  await rename(partial, cached);
  return cached;
}

/** Puts the runtime's files beside the built page. */
function runtimeFiles(): Plugin {
  return {
    name: 'residscope-runtime-files',
    apply: 'build',
    async writeBundle({ dir = join(ROOT, 'dist/site') }) {
      const out = join(dir, 'ort', ortVersion);
      await mkdir(out, { recursive: true });
      for (const name of RUNTIMES) {
        await copyFile(await gzipped(name), join(out, `${name}.wasm.gz`));
        await copyFile(join(ORT, 'dist', `${name}.mjs`), join(out, `${name}.mjs`));
      }
    },
  };
}

/** Fonts of the cards' PNGs (worker/resvg-cards.ts), with their licence. */
function cardFonts(): Plugin {
  return {
    name: 'residscope-card-fonts',
    apply: 'build',
    async writeBundle({ dir = join(ROOT, 'dist/site') }) {
      const from = join(ROOT, 'node_modules/dejavu-fonts-ttf');
      const out = join(dir, 'fonts');
      await mkdir(out, { recursive: true });
      await copyFile(join(from, 'LICENSE'), join(out, 'LICENSE.txt'));
      for (const name of ['DejaVuSans', 'DejaVuSansMono', 'DejaVuSerif']) {
        await copyFile(join(from, 'ttf', `${name}.ttf`), join(out, `${name}.ttf`));
      }
    },
  };
}

/** What the page needs of its files without a network, written into the service worker with the hash of each. */
function filesForOffline(): Plugin {
  return {
    name: 'residscope-offline-files',
    apply: 'build',
    writeBundle: {
      order: 'post',
      sequential: true,
      async handler({ dir = join(ROOT, 'dist/site') }) {
        const entries = await readdir(dir, { recursive: true, withFileTypes: true });
        const paths = entries
          .filter((entry) => entry.isFile())
          .map((entry) => relative(dir, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
          .sort();
        const list = async (wanted: (path: string) => boolean): Promise<Record<string, string>> => {
          const hashes: [string, string][] = [];
          for (const path of paths.filter(wanted)) {
            const hash = createHash('sha256').update(await readFile(join(dir, path)));
            hashes.push([path, hash.digest('hex').slice(0, 16)]);
          }
          return Object.fromEntries(hashes);
        };
        const files: SiteFiles = {
          core: await list((path) => OFFLINE.some((pattern) => pattern.test(path))),
          webgpu: {
            jspi: await list((path) => /^ort\/.*\.jspi\./.test(path)),
            asyncify: await list((path) => /^ort\/.*\.asyncify\./.test(path)),
          },
        };
        const worker = join(dir, 'sw.js');
        const code = await readFile(worker, 'utf8');
        const [before, after, ...more] = code
          .split(/(["'`])__RESIDSCOPE_FILES__\1/)
          .filter((_, i) => i !== 1);
        if (before === undefined || after === undefined || more.length > 0) {
          throw new Error('sw.js: expected one place for the list of files');
        }
        await writeFile(worker, before + JSON.stringify(JSON.stringify(files)) + after);
      },
    },
  };
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** Every node under one, depth first. */
function* nodesUnder(node: unknown): Generator<Node> {
  if (Array.isArray(node)) for (const item of node) yield* nodesUnder(item);
  else if (isNode(node)) {
    yield node;
    for (const child of Object.values(node)) if (typeof child === 'object') yield* nodesUnder(child);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** Takes the indentation out of `html` and `css` templates, which no minifier may touch: it can't know them. */
function compactTemplates(): Plugin {
  return {
    name: 'residscope-compact-templates',
    apply: 'build',
    enforce: 'post',
    transform(code, id) {
      if (!id.includes('/site/') || !/\b(?:html|svg|css)`/.test(code)) return undefined;
      const cuts: { start: number; end: number; text: string }[] = [];
      for (const node of nodesUnder(this.parse(code))) {
        if (node.type !== 'TaggedTemplateExpression' || !isNode(node['tag']) || !isNode(node['quasi']))
          continue;
        const tag = node['tag']['name'];
        if (tag !== 'html' && tag !== 'svg' && tag !== 'css') continue;
        for (const { type, start, end } of nodesUnder(node['quasi']['quasis'])) {
          if (type !== 'TemplateElement') continue;
          const text = code.slice(start, end);
          cuts.push({ start, end, text: tag === 'css' ? compactCss(text) : text.replace(/\s*\n\s*/g, ' ') });
        }
      }
      cuts.sort((a, b) => b.start - a.start);
      const compact = cuts.reduce(
        (out, { start, end, text }) => out.slice(0, start) + text + out.slice(end),
        code,
      );
      return { code: compact, map: null };
    },
  };
}

function compactCss(text: string): string {
  return text
    .replace(/\/\*[^]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};,]) ?/g, '$1')
    .replace(/([{;][\w-]+): /g, '$1:')
    .replaceAll(';}', '}');
}

/** What the real server sends too: isolation for wasm threads, and nothing but our own code. */
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self'; img-src 'self' data:; connect-src 'self' https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

export default defineConfig({
  root: join(ROOT, 'site'),
  // Any folder of any host: addresses are relative to index.html.
  base: './',
  define: { __ORT_VERSION__: JSON.stringify(ortVersion) },
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  worker: { format: 'es' },
  build: {
    outDir: join(ROOT, 'dist/site'),
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      input: {
        index: join(ROOT, 'site/index.html'),
        // The engine's frame for widgets in other people's pages.
        live: join(ROOT, 'site/live/index.html'),
        sw: join(ROOT, 'site/offline/service-worker.ts'),
      },
      output: {
        // A service worker's address must stay: the browser asks there for a newer one.
        entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  plugins: [compactTemplates(), runtimeFiles(), cardFonts(), filesForOffline()],
  preview: { headers: HEADERS },
  server: { headers: HEADERS },
});
