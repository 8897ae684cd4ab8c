/** Loads WebAssembly kernels (see scripts/build-kernel.ts) over a memory. */

const decode = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))

/** A kernel's functions, working on `memory`. Compiling some KB takes less than a millisecond. */
export const loadModule = <Kernel>(base64: string, memory: WebAssembly.Memory): Kernel =>
  new WebAssembly.Instance(new WebAssembly.Module(decode(base64)), { env: { memory } }).exports as Kernel
