/** The reference prompts that come with the package, for Node: what lenses are fitted on by default. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from './folder-source.ts';

/** One a line: public-domain and made sentences (the embedded model's card says where from). */
export async function referencePrompts(): Promise<readonly string[]> {
  const text = await readFile(join(packageRoot(), 'site/public/reference/corpus.txt'), 'utf8');
  return text.split('\n').filter((line) => line !== '');
}
