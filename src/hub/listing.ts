/** What a repository holds, asked through the hub's own client library, which knows how the hub is to be asked. */
import { PellucidError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import type { Client } from './client.ts'
import { Fault, strange } from './faults.ts'
import { isCommit, type ModelName } from './names.ts'

/** A file of a repository. */
export type RemoteFile = {
  /** With forward slashes, from the repository's root. */
  readonly path: string
  readonly bytes: number
  /** Of large files the SHA-256 of their bytes, of others their hash as a blob of git. */
  readonly oid: string
  readonly hash: 'sha256' | 'git'
}

export type Listing = { readonly commit: string; readonly files: readonly RemoteFile[] }

/** No honest repository of a model comes near it. */
const mostFiles = 100_000

/** Named where bundlers do not look: what they would take into a page needs Node's own modules. */
const library = ['@huggingface', 'hub'].join('/')

/** The commit that a revision is, and its files. Errors: see faults.ts; HUB_ANSWER for answers that make no sense. */
export async function listRepository(client: Client, { repository, revision }: ModelName): Promise<Listing> {
  const { listFiles, modelInfo } = (await import(library)) as typeof import('@huggingface/hub')
  const { endpoint } = client.asked
  const what = `${repository}@${revision}`
  // An answer is read to its end before the library sees it, so that one cut short is asked for again.
  const whole = (input: string | URL | Request) =>
    client.persist(() =>
      client.request(String(input), what, { accept: 'application/json' }, async (response) => {
        const bytes = await response.arrayBuffer()
        return new Response(bytes, { status: response.status, headers: response.headers })
      }),
    )
  const asking = { hubUrl: endpoint, fetch: whole as typeof fetch }
  try {
    const { sha } = await modelInfo({ name: repository, revision, additionalFields: ['sha'], ...asking })
    if (typeof sha !== 'string' || !isCommit(sha)) throw strange(client.asked, `names ${show(sha)} as a commit`)
    const files: RemoteFile[] = []
    for await (const entry of listFiles({ repo: repository, revision: sha, recursive: true, ...asking })) {
      if (entry.type !== 'file') continue
      const { path, size, lfs, oid } = entry
      const file = lfs
        ? { path, bytes: lfs.size, oid: lfs.oid, hash: 'sha256' as const }
        : { path, bytes: size, oid: oid ?? '', hash: 'git' as const }
      if (!isSound(file)) throw strange(client.asked, `lists a file that cannot be one: ${show(file)}`)
      files.push(file)
      if (files.length > mostFiles) throw strange(client.asked, `lists more than ${mostFiles} files`)
    }
    return { commit: sha, files }
  } catch (error) {
    if (error instanceof PellucidError || error instanceof Fault || (error as Error).name === 'AbortError') throw error
    if (error instanceof SyntaxError || error instanceof TypeError)
      throw strange(client.asked, 'answers with something else than a list of files', error)
    throw error
  }
}

/** Whether a path stays inside of the folder that it is put in, and hash and size can be what they say. */
function isSound({ path, bytes, oid, hash }: RemoteFile): boolean {
  if (typeof path !== 'string' || typeof oid !== 'string' || !Number.isSafeInteger(bytes) || bytes < 0) return false
  const parts = path.split('/')
  const inside = parts.every((part) => part !== '' && part !== '.' && part !== '..') && !/[\\:\p{Cc}]/u.test(path)
  return inside && (hash === 'sha256' ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(oid)
}
