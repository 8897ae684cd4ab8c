/** Sizes and hashes of files: computed while a file is written, and checked when it is read again. */
import { type Sink, writeFile } from './atomic.ts'
import { fileError } from './errors.ts'
import { crypto, kindOf, readChunks, withFile } from './files.ts'

/** What a file must be: its length and the SHA-256 of its bytes, in hexadecimal digits. */
export type FileDigest = { readonly bytes: number; readonly sha256: string }

/** Bytes hashed at once: some milliseconds, in which nothing else of the process runs. */
const pieceBytes = 1 << 23

/** SHA-256 of a text as UTF-8. */
export const sha256 = (text: string): string => crypto().createHash('sha256').update(text).digest('hex')

/** Replaces a file by what `fill` writes, all or nothing, and hashes each piece while the disk takes it. */
export async function writeHashed(
  target: string,
  fill: (sink: Sink) => Promise<void>,
  size?: number,
): Promise<FileDigest> {
  const hash = crypto().createHash('sha256')
  let bytes = 0
  const hashing = (sink: Sink): Sink => ({
    async write(data) {
      for (let start = 0; start < data.length; start += pieceBytes) {
        const piece = data.subarray(start, start + pieceBytes)
        const written = sink.write(piece)
        hash.update(piece)
        await written
      }
      bytes += data.length
    },
  })
  await writeFile(target, (sink) => fill(hashing(sink)), size)
  return { bytes, sha256: hash.digest('hex') }
}

/** Replaces a file by a copy of another, all or nothing. */
export const copyHashed = (source: string, target: string): Promise<FileDigest> =>
  writeHashed(target, async (sink) => {
    for await (const chunk of readChunks(source)) await sink.write(chunk)
  })

export const sameDigest = (a: FileDigest, b: FileDigest): boolean => a.bytes === b.bytes && a.sha256 === b.sha256

/** Length and hash of a file. */
export async function digestOf(file: string): Promise<FileDigest> {
  const hash = crypto().createHash('sha256')
  let bytes = 0
  for await (const chunk of readChunks(file)) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** What is wrong with a file that should have this digest, in words; undefined when it is sound. */
export async function damageOf(file: string, expected: FileDigest): Promise<string | undefined> {
  if ((await kindOf(file)) === undefined) return 'is missing'
  const size = await withFile(file, async (open) => open.size)
  if (size !== expected.bytes) return `has ${size} bytes, expected ${expected.bytes}`
  const { sha256: found } = await digestOf(file)
  return found === expected.sha256 ? undefined : 'holds other bytes than were written (its SHA-256 differs)'
}

/** Throws a file error with this code, naming the file and its damage, unless the file has this digest. */
export async function checkDigest(file: string, expected: FileDigest, code: string, advice: string): Promise<void> {
  const damage = await damageOf(file, expected)
  if (damage) throw fileError(code, `${file}: ${damage}.\n${advice}`)
}
