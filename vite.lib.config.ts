/**
 * Builds the library and the command line. Default: Node entries, with their packages left outside.
 * `--mode web`: the entry for pages and workers, whole, with onnxruntime-web's JavaScript in chunks of its own.
 */
import { chmodSync } from 'node:fs';
import { defineConfig } from 'vite';

const output = { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' };

export default defineConfig(({ mode }) =>
  mode === 'web'
    ? {
        publicDir: false,
        resolve: { conditions: ['onnxruntime-web-use-extern-wasm', 'import', 'browser', 'default'] },
        build: {
          outDir: 'dist/lib',
          emptyOutDir: false,
          target: 'es2022',
          minify: true,
          rolldownOptions: { input: { web: 'engine/web.ts' }, preserveEntrySignatures: 'strict', output },
        },
      }
    : {
        publicDir: false,
        plugins: [
          {
            name: 'executable',
            // npm sets the bit once, when it links the package; a later build must not take it away.
            writeBundle: () => chmodSync('dist/lib/cli.js', 0o755),
          },
        ],
        build: {
          outDir: 'dist/lib',
          target: 'node20',
          minify: false,
          ssr: true,
          rolldownOptions: {
            input: { node: 'engine/node.ts', cli: 'cli/main.ts' },
            output,
          },
        },
      },
);
