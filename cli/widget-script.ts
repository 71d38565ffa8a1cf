/** The widget's built script, for pages that stand alone: it lies beside the command line in the package. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InlineWidget } from '../shared/picture/lens-html.ts';
import { inlineScript } from '../shared/picture/inline-script.ts';

/** Undefined where it isn't built: the table alone is a page too. */
export async function widgetScript(): Promise<InlineWidget | undefined> {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const file of [join(here, 'embed.js'), join(here, '..', 'embed.js')]) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const code = inlineScript(text);
    return { code, hash: `sha256-${createHash('sha256').update(code).digest('base64')}` };
  }
  return undefined;
}
