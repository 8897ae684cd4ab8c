/**
 * The cache of downloaded models, laid out as Python's huggingface_hub does: for each repository a folder with its files by hash
 * (`blobs`), the commits that branches and tags stand for (`refs`), and a directory of links for each commit (`snapshots`).
 */
import { ensureDirectory, syncDirectory, writeText } from '../base/atomic.ts'
import { explained, fs, kindOf, path } from '../base/files.ts'
import { isCommit, type ModelName } from './names.ts'

const prefix = 'models--'

/** The places of a repository. */
export type Places = {
  readonly folder: string
  /** The file whose hash this is. */
  blob(oid: string): string
  /** The file that says which commit a branch or tag is. */
  ref(revision: string): string
  snapshot(commit: string): string
  /** A directory of its own for locks, where Python keeps its own. */
  readonly locks: string
}

export function placesOf(cache: string, repository: string): Places {
  const { join } = path()
  const name = `${prefix}${repository.replaceAll('/', '--')}`
  const folder = join(cache, name)
  return {
    folder,
    blob: (oid) => join(folder, 'blobs', oid),
    ref: (revision) => join(folder, 'refs', ...revision.split('/')),
    snapshot: (commit) => join(folder, 'snapshots', commit),
    locks: join(cache, '.locks', name),
  }
}

async function commitOf(places: Places, revision: string): Promise<string | undefined> {
  if (isCommit(revision)) return revision
  const file = places.ref(revision)
  if ((await kindOf(file)) !== 'file') return undefined
  const commit = (await explained(file, 'read', () => fs().promises.readFile(file, 'utf8'))).trim()
  return isCommit(commit) ? commit : undefined
}

/** The directory of a model in the cache, if it is there. */
export async function findSnapshot(cache: string, { repository, revision }: ModelName): Promise<string | undefined> {
  const places = placesOf(cache, repository)
  const commit = await commitOf(places, revision)
  const directory = commit && places.snapshot(commit)
  return directory && (await kindOf(directory)) === 'directory' ? directory : undefined
}

/** A model in the cache: one revision of a repository. */
export type Cached = ModelName & {
  readonly commit: string
  readonly directory: string
  readonly files: number
  /** Of its files together. */
  readonly bytes: number
}

const subfolders = async (folder: string): Promise<string[]> => {
  if ((await kindOf(folder)) !== 'directory') return []
  const entries = await explained(folder, 'read', () => fs().promises.readdir(folder, { withFileTypes: true }))
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort()
}

/** Branches and tags of a repository by their commit. */
async function refsOf(places: Places): Promise<Map<string, string[]>> {
  const root = places.ref('')
  const found = new Map<string, string[]>()
  if ((await kindOf(root)) !== 'directory') return found
  for (const entry of await fs().promises.readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path().join(entry.parentPath, entry.name)
    const revision = path().relative(root, file).replaceAll('\\', '/')
    const commit = await commitOf(places, revision)
    if (commit) found.set(commit, [...(found.get(commit) ?? []), revision].sort())
  }
  return found
}

/** What a directory of links holds; a link whose file is gone counts as nothing. */
async function sizeOf(directory: string): Promise<{ files: number; bytes: number }> {
  const { readdir, stat } = fs().promises
  let [files, bytes] = [0, 0]
  for (const name of await readdir(directory, { recursive: true })) {
    const found = await stat(path().join(directory, name)).catch(() => undefined)
    if (!found?.isFile()) continue
    files++
    bytes += found.size
  }
  return { files, bytes }
}

/** Every model in the cache, by name; one revision that has no branch or tag goes by its commit. */
export async function listCached(cache: string): Promise<Cached[]> {
  const found: Cached[] = []
  for (const folder of await subfolders(cache)) {
    if (!folder.startsWith(prefix)) continue
    const repository = folder.slice(prefix.length).replaceAll('--', '/')
    const places = placesOf(cache, repository)
    const refs = await refsOf(places)
    for (const commit of await subfolders(places.snapshot(''))) {
      const directory = places.snapshot(commit)
      const size = await sizeOf(directory)
      for (const revision of refs.get(commit) ?? [commit])
        found.push({ repository, revision, commit, directory, ...size })
    }
  }
  return found
}

/** Says in the cache which commit a branch or tag is. */
export async function writeRef(places: Places, revision: string, commit: string): Promise<void> {
  if (isCommit(revision) || (await commitOf(places, revision)) === commit) return
  const file = places.ref(revision)
  await ensureDirectory(path().dirname(file))
  await writeText(file, commit)
}

let counter = 0

/**
 * Puts a blob into a snapshot under its name: a relative link, so that the cache can be moved; where the system has none or they are
 * not wanted, a second name for the same file, or else a copy. What was there is replaced, at once or not at all.
 */
export async function place(blob: string, file: string, links: boolean): Promise<void> {
  const { basename, dirname, join, relative, sep } = path()
  const { copyFile, link, rename, rm, symlink } = fs().promises
  await ensureDirectory(dirname(file))
  const target = relative(dirname(file), blob)
  const temporary = join(dirname(file), `.${basename(file)}.tmp-${process.pid}-${counter++}`)
  const ways = [
    ...(links ? [() => symlink(target.replaceAll(sep, '/'), temporary)] : []),
    () => link(blob, temporary),
    () => copyFile(blob, temporary),
  ]
  await explained(file, 'write', async () => {
    for (const [i, way] of ways.entries())
      try {
        await way()
        break
      } catch (error) {
        if (i === ways.length - 1) throw error
      }
    try {
      await rename(temporary, file)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  })
  await syncDirectory(dirname(file))
}
