/** How much memory this process could have. */
import { fs } from './files.ts'

/** Bytes that the process can have in all, what it has now included, and what sets that limit. */
export type MemoryLimit = { readonly bytes: number; readonly source: string }

/** 146_000_000 → 146 MB. */
export const memoryText = (bytes: number): string =>
  bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`

/** A value of a file of lines `name: value`, such as those of /proc; undefined where there is no such file or line. */
function valueIn(file: string, line: RegExp): number | undefined {
  try {
    const found = line.exec(fs().readFileSync(file, 'utf8'))?.[1]
    return found === undefined ? undefined : Number(found)
  } catch {
    return undefined
  }
}

/** Bytes of address space that `ulimit -v` allows, where it is set. */
export const addressLimit = (): number | undefined => valueIn('/proc/self/limits', /^Max address space +(\d+)/m)

/** The room that `ulimit -v` leaves: address space that is reserved and not filled counts there too. */
function addressSpace(resident: number): number | undefined {
  const limit = addressLimit()
  const reserved = valueIn('/proc/self/status', /^VmSize:\s+(\d+)/m)
  return limit === undefined || reserved === undefined ? undefined : limit - (reserved * 1024 - resident)
}

/**
 * The tightest of: memory that is free or can be freed, the limit of a container, `ulimit -v`. Undefined in a page, which is told
 * nothing. Swap does not count: a run that needs it would never end.
 */
export function memoryLimit(): MemoryLimit | undefined {
  if (typeof process === 'undefined' || process.memoryUsage === undefined) return undefined
  const { totalmem } = process.getBuiltinModule('node:os')
  const resident = process.memoryUsage.rss()
  const container = process.constrainedMemory()
  // Elsewhere than on Linux and Windows, what is called free leaves out what the system would hand over when asked.
  const counts = process.platform === 'linux' || process.platform === 'win32'
  const limits: MemoryLimit[] = [
    counts
      ? { bytes: resident + process.availableMemory(), source: 'free' }
      : { bytes: totalmem(), source: 'what this machine has' },
  ]
  if (container > 0 && container < totalmem()) limits.push({ bytes: container, source: 'the limit of this container' })
  const virtual = addressSpace(resident)
  if (virtual !== undefined) limits.push({ bytes: virtual, source: 'what ulimit -v leaves' })
  return limits.reduce((least, limit) => (limit.bytes < least.bytes ? limit : least))
}
