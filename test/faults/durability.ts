/** What a power cut could undo: a disk as the calls of a trace leave it, where only what was synced is certain. */
import type { Call } from './strace.ts'

const parent = (path: string) => (path === 'OUT' ? 'UP' : path.slice(0, path.lastIndexOf('/')))
const isIn = (path: string, directory: string) => path === directory || path.startsWith(`${directory}/`)
const quoted = (args: string) => [...args.matchAll(/"([^"]*)"/g)].map((match) => match[1]!)

/**
 * Replays the calls of a trace and returns what a loss of power could spoil:
 * - a name given to a file or directory whose content was not on disk yet,
 * - a part of an old checkpoint removed before the new names of checkpoints were on disk,
 * - at the end, anything written or named that is not on disk.
 */
export function powerLossHazards(calls: readonly Call[]): string[] {
  /** Files with bytes that are not on disk, directories with names that are not. */
  const unsynced = { files: new Set<string>(), directories: new Set<string>() }
  const hazards: string[] = []
  const below = (set: Set<string>, directory: string) => [...set].filter((path) => isIn(path, directory))
  const move = (set: Set<string>, from: string, to: string) => {
    for (const path of below(set, from)) {
      set.delete(path)
      set.add(to + path.slice(from.length))
    }
  }

  for (const { name, path, args, result } of calls) {
    if (path === undefined || /^-1|^\?/.test(result)) continue
    if (/^p?write/.test(name)) unsynced.files.add(path)
    else if (/^ftruncate|^fallocate|^copy_file_range/.test(name)) unsynced.files.add(path)
    else if (/^fsync|^fdatasync/.test(name)) {
      unsynced.files.delete(path)
      unsynced.directories.delete(path)
    } else if (/^mkdir|^link/.test(name) || (/^open|^creat/.test(name) && args.includes('O_CREAT')))
      unsynced.directories.add(parent(path))
    else if (/^rename/.test(name)) {
      const [from, to] = quoted(args) as [string, string]
      for (const file of below(unsynced.files, from)) hazards.push(`${to} gets its name before ${file} is on disk`)
      for (const directory of below(unsynced.directories, from))
        hazards.push(`${to} gets its name before the names in ${directory} are on disk`)
      move(unsynced.files, from, to)
      move(unsynced.directories, from, to)
      unsynced.directories.add(parent(from)).add(parent(to))
    } else if (/^unlink|^rmdir/.test(name)) {
      const [, checkpoints] = /^(.*\/checkpoints)\/[^/]+\//.exec(path) ?? []
      if (checkpoints && unsynced.directories.has(checkpoints))
        hazards.push(`${path} is removed before the names in ${checkpoints} are on disk`)
      unsynced.files.delete(path)
      unsynced.directories.delete(path)
    }
  }
  for (const path of [...unsynced.files, ...unsynced.directories]) hazards.push(`${path} is never synced`)
  return hazards
}
