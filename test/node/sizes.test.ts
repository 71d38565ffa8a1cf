/** Sizes of what is built: the shell keeps its budget, its list is whole, and static hosts take every asset. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/addresses.ts';

const built = existsSync(join(ROOT, 'dist/site/index.html'));

describe.skipIf(!built)(`sizes${built ? '' : ' (skipped: dist/site is not built)'}`, () => {
  const run = (...args: string[]): { status: number | null; output: string; complaints: string } => {
    const script = [join(ROOT, 'scripts/check-sizes.mjs'), ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, script, { encoding: 'utf8' });
    return { status, output: stdout, complaints: stderr };
  };

  it('keep their budgets: the shell 100,000 bytes gzipped, the widget 35,000, an asset 25 MiB', () => {
    const { status, output, complaints } = run();
    console.log(output);
    expect(complaints).toBe('');
    expect(status).toBe(0);
    const [, together = ''] = /^\s*([\d,]+) {2}together/m.exec(output) ?? [];
    expect(Number(together.replaceAll(',', ''))).toBeGreaterThan(50_000); // it measured something
    const [, widget = ''] = /^\s*([\d,]+) {2}embed\.js/m.exec(output) ?? [];
    expect(Number(widget.replaceAll(',', ''))).toBeGreaterThan(10_000);
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
