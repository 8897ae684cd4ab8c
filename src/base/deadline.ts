/** An end to synchronous work that may never end by itself, such as what a downloaded file asks for. */
import type { Context, Script } from 'node:vm'
import { failure } from './errors.ts'
import { onNode } from './platform.ts'

/** The engine stops only scripts of this module, so the work is called from one, of its own small world. */
type Caller = { readonly script: Script; readonly world: Context }

function makeCaller(): Caller {
  const { createContext, Script } = process.getBuiltinModule('node:vm')
  return { script: new Script('work()'), world: createContext({}) }
}

/** Made when first needed: a world takes a millisecond to make, a call from it a tenth of one. */
let caller: Caller | undefined

/**
 * What `work`, which must be synchronous, returns or throws. Throws OUT_OF_TIME where it takes longer than so many milliseconds:
 * `work` is stopped wherever it is, and none of its `catch` and `finally` run. In a page nothing can stop synchronous code; there it
 * runs to its end.
 */
export function withinTime<T>(milliseconds: number, work: () => T): T {
  if (!onNode) return work()
  caller ??= makeCaller()
  const { script, world } = caller
  world.work = work
  try {
    return script.runInContext(world, { timeout: milliseconds })
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw failure('OUT_OF_TIME', `Takes more than ${milliseconds / 1000} s.`)
  } finally {
    world.work = undefined
  }
}
