/**
 * File access, the only place below `runtime` and `cli` that touches the platform. In a page every call fails with one clear
 * error; nothing here is needed to run a model there. Reading is here, writing in atomic.ts, locking in lock.ts.
 */
import { failure, fileError, PellucidError } from './errors.ts'
import { impostorBytes, impostorOf } from './impostors.ts'
import { JsonError, type ParseOptions, parseJson } from './json.ts'
import { type DecodeOptions, decodeText } from './utf8.ts'

const builtin = <T>(name: string): T => {
  const load = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }).process?.getBuiltinModule
  if (!load) throw failure('NO_FILES', `Files cannot be opened here: this is not Node (wanted ${name}).`)
  return load(name) as T
}

/** `node:fs`, loaded when first used so that bundles for a page stay free of it. */
export const fs = () => builtin<typeof import('node:fs')>('node:fs')
/** `node:path`. */
export const path = () => builtin<typeof import('node:path')>('node:path')
/** `node:crypto`, for hashes of files. */
export const crypto = () => builtin<typeof import('node:crypto')>('node:crypto')

/** What the platform's error codes mean to a person: our code, what happened, what to do. */
const explanations: Record<string, readonly [code: string, what: string, advice: string]> = {
  ENOENT: ['FILE_NOT_FOUND', 'no such file or directory', 'Check the path.'],
  ENOTDIR: ['NOT_A_DIRECTORY', 'a part of the path is a file, not a directory', 'Check the path.'],
  EISDIR: ['IS_A_DIRECTORY', 'is a directory, expected a file', 'Name a file in it.'],
  ENXIO: ['NOT_A_FILE', 'is a socket or device, expected a regular file', 'Check the path.'],
  EEXIST: ['FILE_EXISTS', 'exists already', 'Choose another name or remove it first.'],
  ENOTEMPTY: ['FILE_EXISTS', 'exists already and is not empty', 'Choose another name or remove it first.'],
  EACCES: ['PERMISSION_DENIED', 'permission denied', 'Check who owns it and its access rights.'],
  EPERM: ['PERMISSION_DENIED', 'operation not permitted', 'Check who owns it and its access rights.'],
  EROFS: ['READ_ONLY', 'the file system is read-only', 'Choose a folder that can be written.'],
  ENOSPC: ['NO_SPACE', 'no space left on the device', 'Free some space or choose another disk.'],
  EDQUOT: ['NO_SPACE', 'the disk quota is used up', 'Free some space or choose another disk.'],
  EFBIG: ['FILE_TOO_LARGE', 'larger than a file may be here', 'Raise the limit (ulimit -f) or choose another disk.'],
  EMFILE: ['TOO_MANY_FILES', 'too many open files', 'Raise the limit (ulimit -n).'],
  ENFILE: ['TOO_MANY_FILES', 'too many open files in the system', 'Close some programs.'],
  ELOOP: ['LINK_LOOP', 'its symbolic links lead in a circle', 'Repair the links.'],
  ENAMETOOLONG: ['NAME_TOO_LONG', 'the name is too long', 'Choose a shorter one.'],
  EIO: ['IO_ERROR', 'the disk reports an input/output error', 'Check the disk.'],
}

/**
 * A platform error as one for a person: path, what happened, what to do. Reading problems are bad files (exit code 3), writing
 * problems are failures (1). Errors that are not the platform's pass through unchanged.
 */
export function explain(error: unknown, file: string, doing: 'read' | 'write', detail = ''): unknown {
  const system = error as { code?: unknown; syscall?: unknown; message: string }
  if (error instanceof PellucidError || !(error instanceof Error) || typeof system.code !== 'string') return error
  if (system.code === 'ERR_INVALID_ARG_VALUE')
    return fileError('BAD_PATH', `${JSON.stringify(file)}: not a usable path (it holds a NUL character).`, error)
  if (typeof system.syscall !== 'string') return error
  const [code, what, advice] = explanations[system.code] ?? ['IO_ERROR', system.message, 'Check the path and the disk.']
  const message = `${file}: could not ${doing}: ${what} (${system.code})${detail}. ${advice}`
  return doing === 'read' ? fileError(code, message, error) : failure(code, message, error)
}

/** Runs a file operation; platform errors come out explained. */
export async function explained<T>(file: string, doing: 'read' | 'write', operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (error) {
    throw explain(error, file, doing)
  }
}

/** A regular file open for reading at any place. */
export type OpenFile = {
  readonly path: string
  /** Size in bytes when it was opened. */
  readonly size: number
  /** See `identityOf`. */
  readonly identity: string
  /** Fills `into` from byte `offset` on. A file that ends earlier is an error. */
  read<T extends Uint8Array>(offset: number, into: T): Promise<T>
  /** The same at once, for some kilobytes: 2 µs where the way over a worker thread costs 40. */
  readNow<T extends Uint8Array>(offset: number, into: T): T
  close(): Promise<void>
}

/** Most bytes moved by one call to the platform; larger ones would hold a worker thread for long. */
export const callBytes = 1 << 26

/**
 * Opens a regular file (or a symbolic link to one) for reading. Directories, pipes, sockets and devices are refused at once:
 * opening a pipe would wait for a writer, so the file is opened without waiting and then looked at.
 */
export async function openFile(file: string): Promise<OpenFile> {
  const { constants, promises } = fs()
  const handle = await explained(file, 'read', () =>
    promises.open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)),
  )
  try {
    const stat = await handle.stat()
    if (stat.isDirectory()) throw fileError('IS_A_DIRECTORY', `${file}: is a directory, expected a file.`)
    if (!stat.isFile()) throw fileError('NOT_A_FILE', `${file}: is a pipe, socket or device, expected a regular file.`)
    const truncated = (at: number, missing: number) =>
      fileError(
        'FILE_TRUNCATED',
        `${file}: ends at byte ${at}, expected ${missing} bytes more. Was it changed while being read?`,
      )
    return {
      path: file,
      size: stat.size,
      identity: identity(stat),
      async read(offset, into) {
        for (let done = 0; done < into.length; ) {
          const length = Math.min(into.length - done, callBytes)
          const { bytesRead } = await explained(file, 'read', () => handle.read(into, done, length, offset + done))
          if (bytesRead === 0) throw truncated(offset + done, into.length - done)
          done += bytesRead
        }
        return into
      },
      readNow(offset, into) {
        for (let done = 0; done < into.length; ) {
          const count = readPart(handle.fd, file, into, done, offset + done)
          if (count === 0) throw truncated(offset + done, into.length - done)
          done += count
        }
        return into
      },
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

const identity = ({ dev, ino, size, mtimeMs }: { dev: number; ino: number; size: number; mtimeMs: number }): string =>
  `${dev}:${ino}:${size}:${mtimeMs}`

/** Changes when a file is replaced or written to: device, inode, size and time of change. */
export const identityOf = (file: string): Promise<string> =>
  explained(file, 'read', async () => identity(await fs().promises.stat(file)))

function readPart(descriptor: number, file: string, into: Uint8Array, from: number, position: number): number {
  try {
    return fs().readSync(descriptor, into, from, into.length - from, position)
  } catch (error) {
    throw explain(error, file, 'read')
  }
}

/** Opens a file, hands it to `use`, and closes it whatever happens. */
export async function withFile<T>(file: string, use: (open: OpenFile) => Promise<T>): Promise<T> {
  const open = await openFile(file)
  try {
    return await use(open)
  } finally {
    await open.close()
  }
}

/** Room for `length` bytes; too many is an error that says so instead of V8's. */
export function allocate(length: number, what: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length)
  } catch (error) {
    throw failure('OUT_OF_MEMORY', `${what}: ${length} bytes do not fit in memory.`, error)
  }
}

/** Which bytes of a file: those from `start` to `end`, of the file as it was when it had this `identity`. */
export type Stretch = { readonly start?: number; readonly end?: number; readonly identity?: string | undefined }

/**
 * The bytes of a file, or a stretch of them, in pieces of at most `chunkBytes`; each piece is new memory. Throws FILE_CHANGED where the
 * file has another identity, before or after.
 */
export async function* readChunks(
  file: string,
  { start = 0, end, identity, chunkBytes = 1 << 20 }: Stretch & { readonly chunkBytes?: number } = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const check = (found: string) => {
    if (identity !== undefined && found !== identity)
      throw fileError(
        'FILE_CHANGED',
        `${file}: was changed while it was being read.\nLeave it as it is and start again.`,
      )
  }
  const open = await openFile(file)
  try {
    check(open.identity)
    const stop = end ?? open.size
    for (let at = start; at < stop; at += chunkBytes)
      yield await open.read(at, allocate(Math.min(chunkBytes, stop - at), file))
  } finally {
    await open.close()
  }
  if (identity !== undefined) check(await identityOf(file))
}

/** A whole file. */
export const readBytes = (file: string): Promise<Uint8Array<ArrayBuffer>> =>
  withFile(file, (open) => open.read(0, allocate(open.size, file)))

/** The longest text V8 can hold is 2²⁹ − 24 code units. */
const maxTextBytes = 2 ** 29 - 24

/** The bytes of a file that is to become one text. */
const readTextBytes = (file: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> =>
  withFile(file, (open) => {
    if (open.size > maxBytes)
      throw fileError(
        'FILE_TOO_LARGE',
        `${file}: ${open.size} bytes, too many to hold as one text (limit ${maxBytes}). Is it the right file?`,
      )
    return open.read(0, allocate(open.size, file))
  })

/** A whole file as text. Bytes that are not UTF-8 are an error with their offset; a byte order mark is kept as text. */
export const readText = async (file: string, options?: DecodeOptions): Promise<string> =>
  decodeText(await readTextBytes(file, maxTextBytes), file, options)

/**
 * A file that holds one JSON value, strictly (see json.ts). An error names line and column, or what else the file is. `maxBytes`
 * refuses larger ones unread, where no honest file of the kind is as large.
 */
export async function readJson(
  file: string,
  { maxBytes = maxTextBytes, ...options }: ParseOptions & { readonly maxBytes?: number } = {},
): Promise<unknown> {
  const bytes = await readTextBytes(file, maxBytes)
  const impostor = impostorOf(bytes.subarray(0, impostorBytes))
  if (impostor) throw fileError('BAD_JSON', `${file}: expected JSON, but this is ${impostor}`)
  const text = decodeText(bytes, file)
  if (text.trim() === '') throw fileError('BAD_JSON', `${file}: is empty, expected JSON.`)
  try {
    return parseJson(text, options)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw fileError('BAD_JSON', `${file}:${error.line}:${error.column}: not valid JSON: ${error.message}.`, error)
  }
}

/** What a path leads to, links followed; `undefined` if nothing is there. */
export async function kindOf(file: string): Promise<'file' | 'directory' | 'other' | undefined> {
  try {
    const stat = await fs().promises.stat(file)
    return stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : 'other'
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw explain(error, file, 'read')
  }
}

/** The names in a directory, sorted. */
export const listDirectory = (directory: string): Promise<string[]> =>
  explained(directory, 'read', async () => (await fs().promises.readdir(directory)).sort())
