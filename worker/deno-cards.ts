/** The card renderer's program on Deno: read from the npm package with the first PNG. */

const PROGRAM = '@resvg/resvg-wasm/index_bg.wasm';

export async function compileResvg(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await Deno.readFile(new URL(import.meta.resolve(PROGRAM))));
}
