/**
 * File access, the only place below `runtime` and `cli` that touches the platform. In a page every call fails with one clear
 * error; nothing here is needed to run a model there.
 */
import { failure } from './errors.ts'

const builtin = <T>(name: string): T => {
  const load = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }).process?.getBuiltinModule
  if (!load) throw failure('NO_FILES', `Files cannot be opened here: this is not Node (wanted ${name}).`)
  return load(name) as T
}

/** `node:fs`, loaded when first used so that bundles for a page stay free of it. */
export const fs = () => builtin<typeof import('node:fs')>('node:fs')
/** `node:path`. */
export const path = () => builtin<typeof import('node:path')>('node:path')
