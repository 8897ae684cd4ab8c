/** One process at a time in a directory: a lock file that names its owner and is taken over when the owner is dead. */
import { isRunning } from './atomic.ts'
import { conflict } from './errors.ts'
import { explain, fs, path } from './files.ts'

/** What the lock file says about the process that holds it. */
type Owner = { pid: number; host: string; started: string }

export type DirectoryLock = { release(): void }

const lockName = '.pellucid.lock'
const debrisName = /^\.pellucid\.lock\.(\d+)(?:\.stale)?$/

/**
 * When a process was started, as an opaque text: a process id alone may have been given to another process since. Linux tells
 * (boot id and field 22 of /proc/…/stat); elsewhere the id must do.
 */
function startOf(pid: number): string {
  try {
    const stat = fs().readFileSync(`/proc/${pid}/stat`, 'utf8')
    const boot = fs().readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    // The second field is the program's name in parentheses, which may hold spaces: count from after it.
    return `${boot}:${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
  } catch {
    return ''
  }
}

function hostName(): string {
  const os = process.getBuiltinModule('node:os')
  return os.hostname()
}

/** The owner a lock file names; `undefined` if it cannot be understood. */
function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Owner
    return Number.isSafeInteger(owner.pid) && owner.pid > 0 && typeof owner.host === 'string' ? owner : undefined
  } catch {
    return undefined
  }
}

/** Whether the owner is gone. Of a process on another host nothing is known, so it counts as alive. */
const isStale = (owner: Owner): boolean =>
  owner.host === hostName() && (!isRunning(owner.pid) || (owner.started !== '' && startOf(owner.pid) !== owner.started))

/**
 * Takes the lock of a directory for this process, until `release` or the end of the process (a lock whose owner has died, also by
 * `kill -9`, is taken over). Throws `conflict` (exit code 4) naming the process that holds it.
 */
export function lockDirectory(directory: string): DirectoryLock {
  const { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } = fs()
  const file = path().join(directory, lockName)
  const own = `${file}.${process.pid}`
  const content = JSON.stringify({ pid: process.pid, host: hostName(), started: startOf(process.pid) } satisfies Owner)

  const readLock = (): string | undefined => {
    try {
      return readFileSync(file, 'utf8')
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return undefined
      throw error
    }
  }
  /** A hard link appears with its content complete or not at all, so no one reads half a lock. */
  const tryLink = (from: string): boolean => {
    try {
      linkSync(from, file)
      return true
    } catch (error) {
      if ((error as { code?: string }).code === 'EEXIST') return false
      throw error
    }
  }
  /** Moves a stale lock away; if another process took it over in the meantime, its new lock is put back. */
  const removeStale = (stale: string): void => {
    const aside = `${own}.stale`
    try {
      renameSync(file, aside)
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return
      throw error
    }
    if (readFileSync(aside, 'utf8') !== stale) tryLink(aside)
    rmSync(aside, { force: true })
  }

  /** Removes what processes killed on their way to the lock have left. */
  const removeDebris = (): void => {
    for (const name of readdirSync(directory)) {
      const pid = Number(debrisName.exec(name)?.[1])
      if (pid > 0 && (pid === process.pid || !isRunning(pid))) rmSync(path().join(directory, name), { force: true })
    }
  }

  try {
    writeFileSync(own, content)
    while (!tryLink(own)) {
      const held = readLock()
      if (held === undefined) continue
      const owner = parseOwner(held)
      if (!owner || !isStale(owner))
        throw conflict(
          'DIRECTORY_IN_USE',
          `${directory}: in use by ${owner ? `process ${owner.pid} on ${owner.host}` : 'an unknown process'}.\n` +
            `Wait for it or stop it; if it is gone for certain, remove ${file}.`,
        )
      removeStale(held)
    }
    removeDebris()
  } catch (error) {
    throw explain(error, directory, 'write')
  } finally {
    rmSync(own, { force: true })
  }
  return {
    release: () => {
      if (readLock() === content) rmSync(file, { force: true })
    },
  }
}
