/** What was dropped on the page, as files with their paths. */
import { droppedEntries, type FileEntry } from '../../engine/blob-source.ts';
import type { DroppedItem } from './drops.ts';

/** @throws {InputError} when there are far more files than a model has. */
export async function filesOfDrop(items: readonly DroppedItem[]): Promise<readonly FileEntry[]> {
  const found = await droppedEntries(items.map(({ entry }) => ({ webkitGetAsEntry: () => entry })));
  // Files that a program made have no place on a disk.
  const loose = items.flatMap(({ entry, file }) => (entry || !file ? [] : [{ path: file.name, blob: file }]));
  return [...found, ...loose];
}
