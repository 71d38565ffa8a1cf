/** The built site's files, from a folder that Deno may read. */
import type { StaticFile } from './static-files.ts';

/** Every file under a folder, by path from it: `/index.html`. @throws when the folder isn't there. */
export async function listFiles(folder: string): Promise<Map<string, StaticFile>> {
  const files = new Map<string, StaticFile>();
  const folders = [''];
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    for await (const { name, isFile, isDirectory } of Deno.readDir(folder + at)) {
      const path = `${at}/${name}`;
      if (isDirectory) folders.push(path);
      else if (isFile) files.set(path, await fileOf(folder + path));
    }
  }
  return files;
}

async function fileOf(path: string): Promise<StaticFile> {
  const { size } = await Deno.stat(path);
  return { size, read: () => Deno.readFile(path), stream: (start, end) => streamOf(path, start, end) };
}

/** Closes the file when it is read to `end`, or when nobody wants more. */
async function streamOf(path: string, start: number, end: number) {
  const file = await Deno.open(path, { read: true });
  await file.seek(start, Deno.SeekMode.Start);
  let left = end - start;
  return file.readable.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      start(controller) {
        if (left === 0) controller.terminate();
      },
      transform(chunk, controller) {
        controller.enqueue(chunk.byteLength > left ? chunk.subarray(0, left) : chunk);
        left -= Math.min(left, chunk.byteLength);
        if (left === 0) controller.terminate();
      },
    }),
  );
}
