/** Downloads a model from the hub into the cache that it shares with Python. */
import { ensureDirectory } from '../base/atomic.ts'
import { failure, PellucidError } from '../base/errors.ts'
import { fs, path } from '../base/files.ts'
import { type DirectoryLock, lockDirectory } from '../base/lock.ts'
import { memoryText } from '../base/memory.ts'
import { findSnapshot, type Places, place, placesOf, writeRef } from './cache.ts'
import { Client, pause } from './client.ts'
import { type HubEnvironment, hubEnvironment } from './environment.ts'
import { listRepository, type RemoteFile } from './listing.ts'
import { nameText, requireName } from './names.ts'
import { type Patterns, selectFiles } from './selection.ts'
import { partOf, transfer } from './transfer.ts'

/** How far a download is. */
export type DownloadProgress = {
  /** Bytes that are here, of all that are wanted. */
  readonly received: number
  readonly total: number
  /** Those that came over the network in this call. */
  readonly transferred: number
  /** Files that are complete. */
  readonly done: number
  readonly files: number
  /** The file that was completed just now. */
  readonly completed?: string
}

export type DownloadOptions = Patterns & {
  /** A branch, a tag or a commit; `main` unless given here or behind an @ in the name. */
  readonly revision?: string
  readonly onProgress?: (progress: DownloadProgress) => void
  /** Gets a line when something is tried again or waited for. */
  readonly warn?: (message: string) => void
  readonly signal?: AbortSignal
  /** In place of what the environment variables say. */
  readonly environment?: HubEnvironment
  /** Seconds before something is tried for the second time. Default 0.5. */
  readonly retryDelay?: number
}

export type Downloaded = {
  readonly repository: string
  readonly revision: string
  readonly commit: string
  /** A model directory. */
  readonly directory: string
  readonly files: readonly { readonly path: string; readonly bytes: number }[]
  readonly bytes: number
  /** Bytes that came over the network; the others were there. */
  readonly transferred: number
}

/** Files that come at the same time: a single connection rarely fills a line. */
const atOnce = 4
/** Milliseconds between two looks at a lock that another process holds. */
const lockPoll = 200

/**
 * Downloads what a model needs (see selection.ts) into the cache, and returns its directory. Files that are there are kept, parts are
 * continued; a branch or tag points to the new commit once everything is here. Errors: BAD_NAME, BAD_ENVIRONMENT, OFFLINE, those of
 * faults.ts, HUB_CHECKSUM, NO_WEIGHTS, NO_FILES, NO_SPACE.
 */
export async function downloadModel(source: string, options: DownloadOptions = {}): Promise<Downloaded> {
  const name = requireName(source, options.revision)
  const environment = options.environment ?? hubEnvironment()
  const { endpoint, cache, timeout, offline, links } = environment
  const { retryDelay = 0.5, onProgress, warn, signal } = options
  if (offline)
    throw failure(
      'OFFLINE',
      `${nameText(name)}: not asked for, because HF_HUB_OFFLINE says that there is no network. Unset it to download.` +
        ((await findSnapshot(cache, name)) ? '\nAn earlier download is in the cache and can be used by its name.' : ''),
    )
  const stop = new AbortController()
  const client = new Client({
    endpoint,
    repository: name.repository,
    token: environment.token(),
    timeout,
    delay: retryDelay,
    warn,
    signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
  })
  const { commit, files: all } = await listRepository(client, name)
  const files = selectFiles(all, nameText(name), options)
  const places = placesOf(cache, name.repository)
  const target = ({ path: name }: RemoteFile) => path().join(places.snapshot(commit), ...name.split('/'))
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  const count = { received: 0, transferred: 0, done: 0 }
  const tell = () => onProgress?.({ ...count, total, files: files.length })
  const complete = async (file: RemoteFile): Promise<void> => {
    await place(places.blob(file.oid), target(file), links)
    count.done++
    onProgress?.({ ...count, total, files: files.length, completed: file.path })
  }

  await ensureDirectory(places.locks)
  const lock = await waitForLock(places.locks, warn, signal)
  try {
    const missing = new Map<string, RemoteFile[]>()
    for (const file of files) {
      const [linked, blob] = [await bytesOf(target(file)), await bytesOf(places.blob(file.oid))]
      if (linked === file.bytes || blob === file.bytes) count.received += file.bytes
      if (linked === file.bytes) count.done++
      else if (blob === file.bytes) await complete(file)
      else missing.set(file.oid, [...(missing.get(file.oid) ?? []), file])
    }
    tell()
    await checkSpace(
      [...missing.values()].map(([file]) => file!),
      places,
    )
    // Files with the same content are one blob.
    await together([...missing.values()], stop, async (same) => {
      const [file] = same as [RemoteFile]
      const url = `${endpoint}/${name.repository}/resolve/${commit}/${file.path.split('/').map(encodeURIComponent).join('/')}`
      await transfer(client, url, file, places.blob(file.oid), (change, fresh) => {
        count.received += change * same.length
        if (fresh) count.transferred += change
        tell()
      })
      for (const each of same) await complete(each)
    })
    await writeRef(places, name.revision, commit)
  } finally {
    lock.release()
  }
  return {
    ...name,
    commit,
    directory: places.snapshot(commit),
    files: files.map(({ path, bytes }) => ({ path, bytes })),
    bytes: total,
    transferred: count.transferred,
  }
}

/** Size of a file, links followed; undefined where there is none. */
async function bytesOf(file: string): Promise<number | undefined> {
  const stat = await fs()
    .promises.stat(file)
    .catch(() => undefined)
  return stat?.isFile() ? stat.size : undefined
}

/** Does the work of all items, some at a time. The first error ends the rest, and is thrown once all have ended. */
async function together<T>(
  items: readonly T[],
  stop: AbortController,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items]
  const errors: unknown[] = []
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift())
      try {
        await work(item)
      } catch (error) {
        errors.push(error)
        left.length = 0
        stop.abort(error)
      }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  if (errors.length) throw errors[0]
}

/** The lock of a repository; while another process downloads it too, this one waits. */
async function waitForLock(
  directory: string,
  warn: DownloadOptions['warn'],
  signal: AbortSignal | undefined,
): Promise<DirectoryLock> {
  for (let told = false; ; told = true) {
    try {
      return lockDirectory(directory)
    } catch (error) {
      if (!(error instanceof PellucidError) || error.code !== 'DIRECTORY_IN_USE') throw error
      if (!told) warn?.(`Waits for another download of the same model: ${error.message.replace('\n', ' ')}`)
    }
    await pause(lockPoll, signal)
  }
}

/** Throws NO_SPACE when the disk cannot hold what is to come. */
async function checkSpace(files: readonly RemoteFile[], places: Places): Promise<void> {
  let needed = 0
  for (const file of files) needed += file.bytes - ((await bytesOf(partOf(places.blob(file.oid)))) ?? 0)
  const { bavail, bsize } = await fs().promises.statfs(places.locks)
  if (needed > bavail * bsize)
    throw failure(
      'NO_SPACE',
      `${places.folder}: ${memoryText(needed)} are to come, but the disk has ${memoryText(bavail * bsize)} left.\n` +
        'Free some space, or choose another disk: HF_HOME or HF_HUB_CACHE.',
    )
}
