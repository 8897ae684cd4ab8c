/** Writing files so that a reader, a crash or a full disk never meets half of one: temporary file, fsync, rename, fsync of the folder. */
import { failure } from './errors.ts'
import { callBytes, explain, explained, fs, kindOf, path } from './files.ts'

/** Where the content of a file goes while it is being written. */
export type Sink = {
  /** Appends all the bytes, however many calls it takes. */
  write(bytes: Uint8Array): Promise<void>
}

/** A file that is complete and on disk under a temporary name. Exactly one of `commit` and `discard` must be called. */
export type PendingFile = { commit(): Promise<void>; discard(): Promise<void> }

let counter = 0

/** Creates a directory and its parents, durably; it may exist already. */
export async function ensureDirectory(directory: string): Promise<void> {
  const { dirname, resolve } = path()
  const first = await explained(directory, 'write', () => makeDirectories(directory))
  if (first === undefined) return
  const top = dirname(resolve(first))
  for (let parent = dirname(resolve(directory)); parent.length >= top.length; parent = dirname(parent)) {
    await syncDirectory(parent)
    if (parent === top) break
  }
}

/**
 * Makes a directory and the parents it lacks; returns the first one made, undefined if it was there. Node's own `recursive` never
 * returns where a file system refuses new names with ENOENT, as /proc does.
 */
async function makeDirectories(directory: string): Promise<string | undefined> {
  const { mkdir } = fs().promises
  const parent = path().dirname(directory)
  const made = async (): Promise<boolean> => {
    try {
      await mkdir(directory)
      return true
    } catch (error) {
      if ((await kindOf(directory)) === 'directory') return false
      throw error
    }
  }
  try {
    return (await made()) ? directory : undefined
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT' || parent === directory) throw error
    const first = await makeDirectories(parent)
    await made()
    return first ?? directory
  }
}

/** Makes the names in a directory durable. Windows cannot and need not. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  await explained(directory, 'write', async () => {
    const handle = await fs().promises.open(directory, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  })
}

/** Whether a process with this id is running. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { code?: string }).code !== 'ESRCH'
  }
}

/** Temporary files that this process is writing now. */
const writing = new Set<string>()
const temporaryName = /^\.(.+)\.tmp-(\d+)-\d+$/

/**
 * Removes what killed processes left of attempts to write files of a directory, or one of them. A process may have the id that a
 * killed one had, as in containers, where it is often the same: what it is not writing itself is none of its own.
 */
export async function removeDebris(directory: string, name?: string): Promise<void> {
  for (const entry of await fs().promises.readdir(directory)) {
    const [, of, pid] = temporaryName.exec(entry) ?? []
    if (of === undefined || (name !== undefined && of !== name)) continue
    const file = path().join(directory, entry)
    const abandoned = Number(pid) === process.pid ? !writing.has(path().resolve(file)) : !isRunning(Number(pid))
    if (abandoned) await fs().promises.rm(file, { force: true })
  }
}

/**
 * Writes all of a file under a temporary name beside `target` and makes it durable; `commit` then puts it in place. `bytes`, if
 * known, goes into the message when the disk is full. Upon any error the temporary file is gone and `target` is untouched.
 */
export async function prepareFile(
  target: string,
  fill: (sink: Sink) => Promise<void>,
  bytes?: number,
): Promise<PendingFile> {
  const directory = path().dirname(target)
  const temporary = path().join(directory, `.${path().basename(target)}.tmp-${process.pid}-${counter++}`)
  const place = path().resolve(temporary)
  const discard = async () => {
    await fs().promises.rm(temporary, { force: true })
    writing.delete(place)
  }
  let written: number | undefined
  try {
    await removeDebris(directory, path().basename(target))
    writing.add(place)
    const handle = await fs().promises.open(temporary, 'wx')
    written = 0
    try {
      await fill({
        async write(data) {
          for (let done = 0; done < data.length; ) {
            const { bytesWritten } = await handle.write(data, done, Math.min(data.length - done, callBytes))
            if (bytesWritten === 0)
              throw failure('IO_ERROR', `${target}: the disk takes no more bytes after ${written}.`)
            done += bytesWritten
            written! += bytesWritten
          }
        },
      })
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    await discard().catch(() => undefined) // The first error is the one to report.
    const total = bytes === undefined ? '' : ` of ${bytes}`
    throw explain(error, target, 'write', written === undefined ? '' : ` after ${written}${total} bytes`)
  }
  return {
    discard,
    commit: async () => {
      try {
        await fs().promises.rename(temporary, target)
      } catch (error) {
        await discard().catch(() => undefined)
        throw explain(error, target, 'write')
      }
      writing.delete(place)
      await syncDirectory(directory)
    },
  }
}

/** Replaces a file by what `fill` writes: afterwards it is the old one or the new one, never a part. */
export async function writeFile(target: string, fill: (sink: Sink) => Promise<void>, bytes?: number): Promise<void> {
  const pending = await prepareFile(target, fill, bytes)
  await pending.commit()
}

/** Replaces a file by these bytes, all or nothing. */
export const writeBytes = (target: string, bytes: Uint8Array): Promise<void> =>
  writeFile(target, (sink) => sink.write(bytes), bytes.length)

/** Replaces a file by this text as UTF-8, all or nothing. */
export const writeText = (target: string, text: string): Promise<void> =>
  writeBytes(target, new TextEncoder().encode(text))

/** A value as indented JSON with a final line break. NaN and infinities have no JSON form and are an error. */
export function formatJson(value: unknown, what: string): string {
  const refuse = (key: string, item: unknown) => {
    if (typeof item === 'number' && !Number.isFinite(item))
      throw failure('BAD_JSON_VALUE', `${what}: "${key}" is ${item}, which JSON cannot hold.`)
    return item
  }
  return `${JSON.stringify(value, refuse, 2)}\n`
}

/** Replaces a file by a value as JSON, all or nothing. */
export const writeJson = async (target: string, value: unknown): Promise<void> =>
  writeText(target, formatJson(value, target))
