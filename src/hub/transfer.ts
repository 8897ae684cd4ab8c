/** One file from the hub to its blob in the cache: gone on with where it stopped, checked, and put in place when it is whole. */
import { ensureDirectory, syncDirectory } from '../base/atomic.ts'
import { failure } from '../base/errors.ts'
import { callBytes, crypto, explained, fs, path, readChunks } from '../base/files.ts'
import type { Client } from './client.ts'
import { Fault, networkFault, strange } from './faults.ts'
import type { RemoteFile } from './listing.ts'

/** Where the part of a blob is kept that has come so far. */
export const partOf = (blob: string): string => `${blob}.incomplete`

type Hash = ReturnType<ReturnType<typeof crypto>['createHash']>

/** The hash by which the hub knows the file; git puts the kind and the size before the bytes. */
function startHash({ hash, bytes }: RemoteFile): Hash {
  if (hash === 'sha256') return crypto().createHash('sha256')
  return crypto().createHash('sha1').update(`blob ${bytes}\0`)
}

/** Bytes that a part holds already; 0 where there is none. */
async function sizeOfPart(part: string): Promise<number> {
  const stat = await fs()
    .promises.stat(part)
    .catch(() => undefined)
  return stat?.isFile() ? stat.size : 0
}

/** Is told how the number of bytes that are here changes, and whether they came over the network just now. */
export type Meter = (change: number, fresh: boolean) => void

/**
 * Downloads a file to `blob`. A part that an earlier process left is continued. Throws HUB_CHECKSUM when the bytes are not those that the hub promises, and then keeps none of them.
 */
export async function transfer(
  client: Client,
  url: string,
  file: RemoteFile,
  blob: string,
  received: Meter,
): Promise<void> {
  const { promises } = fs()
  const part = partOf(blob)
  await ensureDirectory(path().dirname(blob))
  const resumed = (await sizeOfPart(part)) > 0
  for (let trust = resumed; ; trust = false) {
    const { sum, bytes } = await fetchPart(client, url, file, part, received)
    if (sum === file.oid) break
    received(-bytes, false)
    await explained(part, 'write', () => promises.rm(part, { force: true }))
    // What an earlier process left may be damaged: then all of it is asked for, once.
    if (trust) continue
    throw failure(
      'HUB_CHECKSUM',
      `${file.path}: its ${file.hash === 'sha256' ? 'SHA-256' : 'git hash'} is ${sum}, expected ${file.oid}.\n` +
        'What came is thrown away. Try again; if it stays so, the file is damaged on the hub or on its way here.',
    )
  }
  await explained(blob, 'write', () => promises.rename(part, blob))
  await syncDirectory(path().dirname(blob))
}

/** Gets the bytes that are missing from a part, however many connections it takes. Returns the hash of the whole. */
async function fetchPart(
  client: Client,
  url: string,
  file: RemoteFile,
  part: string,
  received: Meter,
): Promise<{ sum: string; bytes: number }> {
  const handle = await explained(part, 'write', () => fs().promises.open(part, 'a+'))
  try {
    let hash = startHash(file)
    let at = 0
    const add = (bytes: Uint8Array, fresh: boolean) => {
      hash.update(bytes)
      at += bytes.length
      received(bytes.length, fresh)
    }
    const startOver = async () => {
      await explained(part, 'write', () => handle.truncate(0))
      received(-at, false)
      at = 0
      hash = startHash(file)
    }
    const there = await sizeOfPart(part)
    if (there > file.bytes) await startOver()
    else if (there > 0) for await (const chunk of readChunks(part)) add(chunk, false)
    let came = 0
    const attempt = () =>
      client.request(
        url,
        file.path,
        // Compressed bytes could not be continued in the middle.
        { 'accept-encoding': 'identity', ...(at > 0 && { range: `bytes=${at}-` }) },
        async (response, alive) => {
          if (at > 0 && !continues(response, at)) {
            await startOver()
            if (response.status !== 200)
              throw new Fault('it cannot go on from there', () => wrongLength(client, file, 0))
          }
          const most = file.bytes
          for await (const chunk of response.body ?? []) {
            alive()
            if (at + chunk.length > most) throw wrongLength(client, file, at + chunk.length)
            for (let done = 0; done < chunk.length; ) {
              const length = Math.min(chunk.length - done, callBytes)
              done += (await explained(part, 'write', () => handle.write(chunk, done, length))).bytesWritten
            }
            add(chunk, true)
            came += chunk.length
          }
          if (at < most) throw networkFault(new Error(`${file.path} ended after ${at} of ${most} bytes`), client.asked)
        },
        [416],
      )
    if (at < file.bytes) await client.persist(attempt, () => came)
    await explained(part, 'write', () => handle.sync())
    return { sum: hash.digest('hex'), bytes: at }
  } finally {
    await handle.close()
  }
}

/** Whether an answer goes on at this byte, as asked; a server may send everything instead. */
const continues = ({ status, headers }: Response, at: number): boolean =>
  status === 206 && (headers.get('content-range') ?? '').startsWith(`bytes ${at}-`)

const wrongLength = ({ asked }: Client, { path: name, bytes }: RemoteFile, found: number) =>
  strange(asked, `sends ${found ? `${found} bytes or more` : 'nothing'} for ${name}, which it lists with ${bytes}`)
