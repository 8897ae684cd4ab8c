/** Loads WebAssembly kernels (see scripts/build-kernel.ts) over a memory. */
import { fromBase64 } from '../base/base64.ts'

/** A kernel's functions, working on `memory`. Compiling some KB takes less than a millisecond. */
export const loadModule = <Kernel>(base64: string, memory: WebAssembly.Memory): Kernel =>
  new WebAssembly.Instance(new WebAssembly.Module(fromBase64(base64)!), { env: { memory } }).exports as Kernel
