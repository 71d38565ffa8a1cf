/** The examples of docs/api.md, run as they stand against the real server: what they print is what the page says. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pathOf, ROOT } from '../support/addresses.ts';
import { serving } from '../support/platforms.ts';
import { startServer } from '../support/wrangler.ts';

const run = promisify(execFile);

/** How a language's block is run: a program, and the arguments before the text. */
const RUNNERS: Readonly<Record<string, readonly [program: string, ...args: string[]]>> = {
  sh: ['sh', '-ec'],
  js: [process.execPath, '--input-type=module', '-e'],
  python: ['python3', '-c'],
};

interface Example {
  readonly name: string;
  readonly blocks: readonly { readonly language: string; readonly code: string }[];
  readonly prints: string;
}

/** Blocks up to the next block of output, which all of them print, in order. */
function examplesOf(markdown: string): Example[] {
  const examples: Example[] = [];
  let blocks: { language: string; code: string }[] = [];
  for (const [, language = '', code = ''] of markdown.matchAll(/^```(\w+)\n([^]*?)^```$/gm)) {
    if (language !== 'text') blocks.push({ language, code });
    else {
      examples.push({ name: blocks.map((block) => block.language).join(', '), blocks, prints: code });
      blocks = [];
    }
  }
  if (blocks.length > 0) throw new Error('docs/api.md: a block after which no output stands');
  return examples;
}

async function missing(program: string): Promise<boolean> {
  return run(program, ['--version']).then(
    () => false,
    () => true,
  );
}

describe('docs/api.md', () => {
  const { base } = serving(startServer);
  const examples = examplesOf(readFileSync(join(ROOT, 'docs/api.md'), 'utf8'));
  // Where the examples leave their files: a later one goes on with what an earlier one made.
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'residscope-examples-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('has examples in each language', () => {
    const languages = examples.flatMap(({ blocks }) => blocks.map(({ language }) => language));
    expect(new Set(languages)).toEqual(new Set(Object.keys(RUNNERS)));
  });

  it.for([...examples])('$name', async ({ blocks, prints }, context) => {
    for (const { language } of blocks) {
      const program = language === 'sh' ? 'curl' : (RUNNERS[language]?.[0] ?? language);
      if (await missing(program)) context.skip(`${program} is not installed here`);
    }
    let printed = '';
    for (const { language, code } of blocks) {
      const [program, ...args] = RUNNERS[language] ?? [language];
      const text = code
        .replaceAll('http://localhost:8787', base())
        .replaceAll('npx residscope', `"${process.execPath}" "${pathOf('dist/lib/cli.js')}"`);
      printed += (await run(program, [...args, text], { cwd: folder })).stdout;
    }
    expect(printed).toBe(prints);
  });
});
