/**
 * A folder of baked traces: `NAME.trace.json` in canonical form, so that the same inputs give the same bytes; an index
 * of names to trace ids; a gallery that works offline. Files appear whole or not at all.
 */
import { access, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../shared/errors.ts';
import { bakeGallery, type GalleryEntry } from '../shared/picture/bake-gallery.ts';
import { lensHtml } from '../shared/picture/lens-html.ts';
import { sha256 } from '../shared/sha256.ts';
import { canonicalJson } from '../shared/trace/canonical.ts';
import { parseTrace } from '../shared/trace/decode.ts';
import type { TraceData } from '../shared/trace/data.ts';
import { VERSION } from '../shared/version.ts';
import { writeWhole } from './write-file.ts';

/** What decides a trace's numbers and words, beside its ids. */
export interface BakeInputs {
  readonly model: { readonly id: string; readonly revision?: string; readonly weightHash: string };
  readonly options: {
    readonly lens: { readonly kind: string; readonly hash?: string };
    readonly topK: number;
    readonly compute: string;
  };
}

/** SHA-256 of the inputs' canonical JSON, with the version of what computes. */
export function bakeName(inputs: BakeInputs, ids: readonly number[], bos: boolean): Promise<string> {
  return sha256(canonicalJson({ ...inputs, ids: [...ids], bos, version: VERSION }));
}

const TRACE = /^([0-9a-f]{64})\.trace\.json$/;
const PARTIAL = /^(?:index|[0-9a-f]{64})\.(?:trace\.)?(?:json|html)\.\d+\.partial$/;

export class BakeFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  has(name: string): Promise<boolean> {
    return isThere(this.#file(name));
  }

  async write(name: string, canonical: string): Promise<void> {
    await put(this.#file(name), canonical);
  }

  /**
   * Sweeps what ended processes left half-written, and writes the index of all traces that are here, in the order of
   * their names: the same, whoever of several processes writes it last.
   *
   * @returns name → trace id.
   */
  async finish(): Promise<Readonly<Record<string, string>>> {
    const files = (await readdir(this.path)).sort();
    const traces: Record<string, string> = {};
    for (const file of files) {
      const name = TRACE.exec(file)?.[1];
      // A trace's id is the hash of its canonical form, which is what the file holds.
      if (name !== undefined)
        traces[name] = await sha256(new Uint8Array(await readFile(join(this.path, file))));
    }
    const index = { format: 'residscope.bake', version: 1, traces };
    await put(join(this.path, 'index.json'), `${JSON.stringify(index, undefined, 1)}\n`);
    await sweep(this.path);
    return traces;
  }

  /** A page a trace and one that lists them, in the order given. */
  async gallery(names: readonly string[], onPage: (done: number) => void): Promise<void> {
    const folder = join(this.path, 'gallery');
    await mkdir(folder, { recursive: true });
    const entries: GalleryEntry[] = [];
    const seen = new Set<string>();
    for (const name of names) {
      if (seen.has(name)) continue;
      seen.add(name);
      const trace = await this.#read(name);
      await put(join(folder, `${name}.html`), lensHtml(trace));
      entries.push({ page: `${name}.html`, trace });
      onPage(seen.size);
    }
    await put(join(folder, 'index.html'), bakeGallery(entries));
    await sweep(folder);
  }

  async #read(name: string): Promise<TraceData> {
    try {
      return parseTrace(await readFile(this.#file(name), 'utf8'));
    } catch (cause) {
      throw new FormatError(`${this.#file(name)}: no whole trace: remove it and run again`, { cause });
    }
  }

  #file(name: string): string {
    return join(this.path, `${name}.trace.json`);
  }
}

/** Whole or not at all. Whoever made the same file before may have swept our half away: theirs has the same bytes. */
async function put(file: string, text: string): Promise<void> {
  try {
    await writeWhole(file, [text]);
  } catch (error) {
    if (!(await isThere(file))) throw error;
  }
}

/** Takes away what ended processes left half-written: by now all that they were at is there. */
async function sweep(folder: string): Promise<void> {
  for (const file of await readdir(folder)) {
    if (PARTIAL.test(file)) await rm(join(folder, file), { force: true });
  }
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
