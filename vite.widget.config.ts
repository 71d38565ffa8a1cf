/**
 * The widget, one file without imports: `dist/site/embed.js`, which knows the server that it came from, and with
 * `--mode package` `dist/lib/embed.js` for `residscope/embed`, which doesn't. `--mode frame`: `dist/site/frame.js`, the
 * script of the page /e/ID. After the site's build, whose folder they go into.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const ROOT = dirname(fileURLToPath(import.meta.url));

export default defineConfig(({ mode }) => {
  const packaged = mode === 'package';
  const entry = mode === 'frame' ? 'frame' : 'embed';
  return {
    root: join(ROOT, 'widget'),
    publicDir: false,
    define: { __WIDGET_IS_HOSTED__: String(!packaged) },
    build: {
      outDir: join(ROOT, packaged ? 'dist/lib' : 'dist/site'),
      emptyOutDir: false,
      target: 'es2022',
      minify: true,
      reportCompressedSize: false,
      rolldownOptions: {
        input: { [entry]: join(ROOT, `widget/${entry}.ts`) },
        preserveEntrySignatures: 'strict',
        output: { entryFileNames: '[name].js', codeSplitting: false },
      },
    },
  };
});
