/** A hub on the loopback interface: repositories made of bytes, the protocol of the real one, faults on request, and a record of what it sent. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Repository = {
  readonly files: Readonly<Record<string, Uint8Array | string>>
  /** Paths that lie in large-file storage, on another host; by default what is safetensors. */
  readonly large?: RegExp
  /** Only this token may read it; a gated one may be looked at by everybody. */
  readonly token?: string
  readonly gated?: boolean
  /** Branches and tags besides `main`. */
  readonly revisions?: readonly string[]
  /** What the repository was called before. */
  readonly formerly?: string
}

/** What goes wrong with one answer. */
export type Trouble = {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The connection ends after so many bytes of the body. */
  readonly cutAfter?: number
  /** So many bytes come, then nothing more. */
  readonly stallAfter?: number
  /** The first byte sent is another one. */
  readonly corrupt?: boolean
  /** The whole file is sent whatever part was asked for. */
  readonly ignoreRange?: boolean
  /** Bytes sent in place of the file's. */
  readonly instead?: Uint8Array
}

export type Served = {
  readonly method: string
  readonly path: string
  readonly range: string | undefined
  readonly authorization: string | undefined
  /** Bytes of the body. */
  bytes: number
}

const hex = (kind: string, ...parts: (string | Uint8Array)[]) => {
  const hash = createHash(kind)
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}
const bytesOf = (content: Uint8Array | string) => (typeof content === 'string' ? Buffer.from(content) : content)
export const gitHash = (bytes: Uint8Array) => hex('sha1', `blob ${bytes.length}\0`, bytes)
export const lfsHash = (bytes: Uint8Array) => hex('sha256', bytes)

/** The commit that stands for the contents of a repository. */
export const commitOf = (name: string, { files }: Repository) => hex('sha1', name, ...Object.entries(files).flat())

const pageSize = 3

/** Starts a hub with these repositories. */
export async function openHub(repositories: Record<string, Repository>) {
  const served: Served[] = []
  const troubles: { path: RegExp; trouble: Trouble }[] = []
  const stalled = new Set<ServerResponse>()

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, endpoint)
    const path = decodeURIComponent(url.pathname)
    const entry: Served = {
      method: request.method!,
      path,
      range: request.headers.range,
      authorization: request.headers.authorization,
      bytes: 0,
    }
    served.push(entry)
    const at = troubles.findIndex((each) => each.path.test(path))
    const trouble = at < 0 ? {} : troubles.splice(at, 1)[0]!.trouble
    const send = (status: number, headers: Record<string, string>, body: Uint8Array | string = '') =>
      write(
        entry,
        response,
        trouble,
        trouble.status ?? status,
        { ...headers, ...trouble.headers },
        bytesOf(trouble.body ?? body),
      )
    if (trouble.status !== undefined || trouble.body !== undefined) return send(200, {})

    const blob = /^\/storage\/([0-9a-f]{64})$/.exec(path)?.[1]
    if (blob) {
      const all = Object.values(repositories).flatMap(({ files }) => Object.values(files).map(bytesOf))
      return sendPart(all.find((bytes) => lfsHash(bytes) === blob)!, { etag: `"${blob}"` })
    }
    const [, name, kind, revision, rest] = (
      /^\/api\/models\/(.+?)\/(revision|tree|paths-info)\/([^/]+)()$/.exec(url.pathname) ??
      /^\/(.+?)\/(resolve)\/([^/]+)\/(.+)$/.exec(url.pathname) ??
      []
    ).map((part) => part && decodeURIComponent(part))
    if (name === undefined) return send(404, {})
    const renamed = Object.entries(repositories).find(([, { formerly }]) => formerly === name)?.[0]
    if (renamed) return send(307, { location: `${url.pathname.replace(name, renamed)}${url.search}` })
    const repository = repositories[name]
    const allowed = !repository?.token || request.headers.authorization === `Bearer ${repository.token}`
    if (!repository || (!allowed && !repository.gated))
      return send(401, { 'x-error-code': 'RepoNotFound', 'x-error-message': 'Repository not found' })
    const commit = commitOf(name, repository)
    if (!['main', commit, ...(repository.revisions ?? [])].includes(revision!))
      return send(404, { 'x-error-code': 'RevisionNotFound', 'x-error-message': `Invalid rev id: ${revision}` })
    const large = repository.large ?? /\.safetensors$/
    const json = { 'content-type': 'application/json' }
    if (kind === 'revision')
      return send(
        200,
        json,
        JSON.stringify({
          _id: '0',
          id: name,
          sha: commit,
          private: false,
          gated: repository.gated ? 'manual' : false,
          siblings: Object.keys(repository.files).map((rfilename) => ({ rfilename })),
        }),
      )
    if (kind === 'tree') {
      const entries = Object.entries(repository.files).map(([file, content]) => {
        const bytes = bytesOf(content)
        const lfs = { oid: lfsHash(bytes), size: bytes.length, pointerSize: 130 }
        return large.test(file)
          ? { type: 'file', oid: gitHash(Buffer.from('pointer')), size: bytes.length, lfs, path: file }
          : { type: 'file', oid: gitHash(bytes), size: bytes.length, path: file }
      })
      const all = [{ type: 'directory', oid: '0'.repeat(40), size: 0, path: 'onnx' }, ...entries]
      const from = Number(url.searchParams.get('cursor') ?? 0)
      url.searchParams.set('cursor', String(from + pageSize))
      const link = from + pageSize < all.length && { link: `<${endpoint}${url.pathname}${url.search}>; rel="next"` }
      return send(200, { ...json, ...link }, JSON.stringify(all.slice(from, from + pageSize)))
    }
    if (!allowed)
      return send(token(request) ? 403 : 401, {
        'x-error-code': 'GatedRepo',
        'x-error-message': `Access to model ${name} is restricted.`,
      })
    const content = repository.files[rest!]
    if (content === undefined) return send(404, { 'x-error-code': 'EntryNotFound' })
    const bytes = bytesOf(content)
    const headers = { 'x-repo-commit': commit }
    if (!large.test(rest!)) return sendPart(bytes, { ...headers, etag: `"${gitHash(bytes)}"` })
    // Large files lie on another host, which must not see the token.
    const storage = endpoint.replace('127.0.0.1', 'localhost')
    const linked = { 'x-linked-etag': `"${lfsHash(bytes)}"`, 'x-linked-size': String(bytes.length) }
    return send(302, { ...headers, ...linked, location: `${storage}/storage/${lfsHash(bytes)}` })

    function sendPart(bytes: Uint8Array, headers: Record<string, string>): Promise<void> {
      const from = trouble.ignoreRange ? undefined : /^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1]
      const whole = trouble.instead ?? bytes
      if (from === undefined) return send(200, { 'accept-ranges': 'bytes', ...headers }, whole)
      if (Number(from) >= whole.length) return send(416, { 'content-range': `bytes */${whole.length}` })
      const range = { 'content-range': `bytes ${from}-${whole.length - 1}/${whole.length}` }
      return send(206, { ...headers, ...range }, whole.subarray(Number(from)))
    }
  }

  async function write(
    entry: Served,
    response: ServerResponse,
    trouble: Trouble,
    status: number,
    headers: Record<string, string>,
    body: Uint8Array,
  ): Promise<void> {
    response.writeHead(status, { 'content-length': String(body.length), ...headers })
    if (entry.method === 'HEAD') return void response.end()
    const bytes = trouble.corrupt ? Buffer.concat([Buffer.of(body[0]! ^ 1), body.subarray(1)]) : body
    const stop = trouble.cutAfter ?? trouble.stallAfter ?? bytes.length
    entry.bytes = Math.min(stop, bytes.length)
    if (stop >= bytes.length) return void response.end(bytes)
    await new Promise<void>((resolve) => response.write(bytes.subarray(0, stop), () => resolve()))
    if (trouble.cutAfter !== undefined) return void setTimeout(() => response.destroy(), 20)
    stalled.add(response)
  }

  const token = (request: IncomingMessage) => request.headers.authorization !== undefined
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error))
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    endpoint,
    /** Every request so far. */
    served,
    /** Bytes of files so far, without what the API says. */
    fileBytes: () => served.filter(({ path }) => !path.startsWith('/api/')).reduce((sum, { bytes }) => sum + bytes, 0),
    /** The next answer to a path like this goes wrong. */
    trouble: (path: RegExp, ...all: Trouble[]) => {
      for (const trouble of all) troubles.push({ path, trouble })
    },
    /** Forgets requests and troubles. */
    reset() {
      served.length = 0
      troubles.length = 0
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export type Hub = Awaited<ReturnType<typeof openHub>>
