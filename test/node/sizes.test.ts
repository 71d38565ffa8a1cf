/**
 * Sizes of what is built: the script's own list of the shell is whole, and no asset is larger than static hosts
 * take. The shell's budget is 100,000 bytes; until it is met, this holds what has been reached.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/addresses.ts';

const REACHED = 108_000;

const built = existsSync(join(ROOT, 'dist/site/index.html'));

describe.skipIf(!built)(`sizes${built ? '' : ' (skipped: dist/site is not built)'}`, () => {
  const run = (...args: string[]): { output: string; complaints: string } => {
    const { stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/check-sizes.mjs'), ...args], {
      encoding: 'utf8',
    });
    return { output: stdout, complaints: stderr };
  };

  it('the shell does not grow', () => {
    const [, together = ''] = /^\s*([\d,]+) {2}together/m.exec(run().output) ?? [];
    expect(Number(together.replaceAll(',', ''))).toBeGreaterThan(50_000);
    expect(Number(together.replaceAll(',', ''))).toBeLessThan(REACHED);
  });

  it('every asset may be served', () => {
    expect(run().complaints).not.toContain('a static asset may have');
  });

  it('the shell is page, charts, engine, and the embedded model’s family', () => {
    const names = run('--list').output.trim().split('\n');
    const kinds = names.map((name) => name.replace(/^assets\//, '').replace(/-[\w-]{8}\.(js|css)$/, '.$1'));
    expect(kinds).toEqual(
      expect.arrayContaining(['index.html', 'index.js', 'index.css', 'worker.js', 'gpt2.js']),
    );
    for (const later of ['dialogs.js', 'llama.js', 'hub-source.js', 'open-gguf.js', 'chat-worker.js']) {
      expect(kinds).not.toContain(later);
    }
  });
});
