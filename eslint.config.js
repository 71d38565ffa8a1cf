// Type-aware lint, and the import directions of the architecture: shared <- engine <- site, cli; shared <- worker, widget.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const FOLDERS = ['shared', 'engine', 'worker', 'site', 'widget', 'cli', 'test', 'bench'];
const MAY_IMPORT = {
  shared: ['shared'],
  engine: ['shared', 'engine'],
  worker: ['shared', 'worker'],
  site: ['shared', 'engine', 'site'],
  widget: ['shared', 'widget'],
  cli: ['shared', 'engine', 'cli'],
};

/** What the page says knows numbers and their names, and nothing of how they are shown. */
const WORDS = {
  regex: '^(lit(/|$)|(\\.\\./)+(elements|charts|styles)/|\\.\\./engine/)',
  message: 'site/words/ holds what the page says: it may not import what shows it.',
};

/** One rule a folder: every other folder is out of reach, and onnxruntime-web belongs to the engine alone. */
const directions = [...Object.entries(MAY_IMPORT), ['site/words', MAY_IMPORT.site]].map(([path, allowed]) => {
  const [folder] = path.split('/');
  return {
    files: [`${path}/**/*.ts`],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            // The page may know what the edge's calls take and give, and nothing else of it.
            ...(folder === 'site'
              ? [
                  {
                    regex: '^(\\.\\./)+worker/',
                    allowTypeImports: true,
                    message: 'site/ may import types of worker/ only.',
                  },
                ]
              : []),
            {
              regex: `^(\\.\\./)+(${FOLDERS.filter((f) => !allowed.includes(f) && !(folder === 'site' && f === 'worker')).join('|')})/`,
              message: `${folder}/ may import ${allowed.map((f) => `${f}/`).join(', ')} only (architecture: import directions).`,
            },
            ...(folder === 'engine'
              ? []
              : [{ regex: '^onnxruntime-web', message: 'Only engine/ imports onnxruntime-web.' }]),
            ...(folder === 'shared'
              ? [{ regex: '^node:', message: 'shared/ runs anywhere: no Node modules.' }]
              : []),
            ...(path === 'site/words' ? [WORDS] : []),
          ],
        },
      ],
    },
  };
});

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '.wrangler/**', 'site/public/**'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  ...directions,
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
  },
  {
    files: ['docs/examples/*/main.js'],
    languageOptions: { globals: { document: 'readonly' } },
  },
);
