/** What the repository promises of itself: import directions, sizes of what is served, pinned packages. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/addresses.ts';

const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  shared: ['shared'],
  engine: ['shared', 'engine'],
  worker: ['shared', 'worker'],
  site: ['shared', 'engine', 'site'],
  widget: ['shared', 'widget'],
  cli: ['shared', 'engine', 'cli'],
};
const FOLDERS = [...Object.keys(MAY_IMPORT), 'test', 'bench'];

/** Every file below a folder, relative to the checkout. */
function filesIn(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

describe('import directions', () => {
  // Types are of no matter to this rule, and asking for them would take seconds.
  const eslint = new ESLint({
    cwd: ROOT,
    overrideConfig: tseslint.configs.disableTypeChecked as ESLint.Options['overrideConfig'] & object,
  });

  async function complaints(file: string, imported: string): Promise<string[]> {
    const text = `import { x } from '${imported}';\nconsole.log(x);\n`;
    const [result] = await eslint.lintText(text, { filePath: join(ROOT, file) });
    const found = result?.messages ?? [];
    expect(found.filter((message) => message.fatal)).toEqual([]);
    return found
      .filter((message) => message.ruleId === '@typescript-eslint/no-restricted-imports')
      .map((message) => message.message);
  }

  for (const [folder, allowed] of Object.entries(MAY_IMPORT)) {
    it(`${folder}/: lint refuses every other folder, and only those`, async () => {
      for (const other of FOLDERS) {
        const expected = allowed.includes(other) ? 0 : 1;
        expect(await complaints(`${folder}/made-up.ts`, `../${other}/x.ts`), other).toHaveLength(expected);
        expect(await complaints(`${folder}/deep/made-up.ts`, `../../${other}/x.ts`), other).toHaveLength(
          expected,
        );
      }
    });
  }

  it('the page may import types of the edge, and nothing that runs', async () => {
    const result = await eslint.lintText("import type { X } from '../worker/x.ts';\nexport type Y = X;\n", {
      filePath: join(ROOT, 'site/x.ts'),
    });
    expect(result[0]?.messages).toEqual([]);
  });

  it('onnxruntime-web belongs to the engine, Node modules stay out of shared/', async () => {
    for (const folder of Object.keys(MAY_IMPORT)) {
      const expected = folder === 'engine' ? 0 : 1;
      expect(await complaints(`${folder}/x.ts`, 'onnxruntime-web'), folder).toHaveLength(expected);
      expect(await complaints(`${folder}/x.ts`, 'onnxruntime-web/webgpu'), folder).toHaveLength(expected);
    }
    expect(await complaints('shared/x.ts', 'node:fs')).toHaveLength(1);
  });

  it('what the page says imports nothing that shows it', async () => {
    for (const shows of [
      'lit',
      'lit/directives/ref.js',
      '../elements/x.ts',
      '../charts/x.ts',
      '../engine/x.ts',
    ])
      expect(await complaints('site/words/x.ts', shows), shows).toHaveLength(1);
    for (const known of ['../controllers/x.ts', './x.ts', '../../shared/x.ts', '../../engine/x.ts'])
      expect(await complaints('site/words/x.ts', known), known).toHaveLength(0);
    expect(await complaints('site/words/x.ts', '../../worker/x.ts')).toHaveLength(1);
  });

  it('hold in the sources as they are, dynamic imports too', () => {
    let seen = 0;
    const wrong: string[] = [];
    for (const [folder, allowed] of Object.entries(MAY_IMPORT)) {
      for (const file of filesIn(folder).filter((name) => name.endsWith('.ts'))) {
        const text = readFileSync(join(ROOT, file), 'utf8');
        for (const [, target = ''] of text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g)) {
          const [to = ''] = relative(ROOT, join(ROOT, file, '..', target)).split('/');
          seen++;
          const typesOnly = text.includes(`import type { AppType } from '${target}'`);
          if (folder === 'site' && to === 'worker' && typesOnly) continue;
          if (!allowed.includes(to)) wrong.push(`${file} imports ${target}`);
        }
      }
    }
    expect(seen).toBeGreaterThan(50);
    expect(wrong).toEqual([]);
  });
});

describe('what is served', () => {
  const LIMIT = 25 * 1024 * 1024;

  it('has no file over 25 MiB', () => {
    const files = [...filesIn('site/public'), ...filesIn('dist/site')];
    expect(files).toContain('site/public/models/fable-4m/model.safetensors');
    const sizes = files.map((file) => [file, statSync(join(ROOT, file)).size] as const);
    expect(sizes.filter(([, size]) => size > LIMIT)).toEqual([]);
  });

  it('holds the embedded model whole, with its card', () => {
    const files = filesIn('site/public/models/fable-4m').map((file) => file.split('/').at(-1));
    const wanted = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json', 'CARD.md'];
    expect(files).toEqual(expect.arrayContaining(wanted));
  });
});

describe('package.json', () => {
  interface Manifest {
    readonly name: string;
    readonly license: string;
    readonly engines: { readonly node: string };
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  }
  interface Locked {
    readonly version?: string;
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly optionalDependencies?: Readonly<Record<string, string>>;
  }
  interface Lock {
    readonly packages: Readonly<Record<string, Locked>>;
  }
  const read = (file: string): unknown => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
  const manifest = read('package.json') as Manifest;
  const lock = read('package-lock.json') as Lock;

  it('pins the runtime whose behaviour the engine is measured against, and the server that runs on Node 20', () => {
    expect(manifest.dependencies['onnxruntime-web']).toMatch(/^\d+\.\d+\.\d+$/);
    expect(manifest.devDependencies['wrangler']).toMatch(/^\d+\.\d+\.\d+$/);
    expect(manifest.devDependencies['typescript']).toMatch(/^~6\./);
  });

  it('is what the lock file locks', () => {
    const [root, ...rest] = Object.entries(lock.packages);
    expect(root?.[0]).toBe('');
    expect(root?.[1]).toMatchObject({
      dependencies: manifest.dependencies,
      devDependencies: manifest.devDependencies,
    });
    for (const name of ['onnxruntime-web', 'wrangler']) {
      const wanted = manifest.dependencies[name] ?? manifest.devDependencies[name];
      expect(rest.find(([path]) => path === `node_modules/${name}`)?.[1].version).toBe(wanted);
    }
  });

  it('has every package of every platform in the lock file: npm ci refuses it otherwise', () => {
    const installed = new Set(Object.keys(lock.packages).map((path) => path.split('node_modules/').at(-1)));
    const named = Object.values(lock.packages).flatMap((locked) => [
      ...Object.keys(locked.dependencies ?? {}),
      ...Object.keys(locked.optionalDependencies ?? {}),
    ]);
    expect(named.length).toBeGreaterThan(100);
    expect([...new Set(named)].filter((name) => !installed.has(name))).toEqual([]);
  });

  it('says who it is', () => {
    expect(manifest).toMatchObject({
      name: 'residscope',
      license: 'Apache-2.0',
      engines: { node: '>=20.19' },
    });
    expect(readFileSync(join(ROOT, 'LICENSE'), 'utf8')).toContain('Apache License');
  });

  it('takes every package from the registry', () => {
    const ranges = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(ranges.filter(([, range]) => !/^[\^~]?\d/.test(range))).toEqual([]);
  });
});
