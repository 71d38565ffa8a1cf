/** What wrangler makes of an import of wasm: a module, compiled already. */
declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
