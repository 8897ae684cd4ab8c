/** A file of JSON lines that grows: one line for each record, written at once, readable while it grows. */
import { failure, fileError } from './errors.ts'
import { explain, fs } from './files.ts'

export type LineLog = {
  /** Bytes of all lines so far. */
  readonly bytes: number
  /** Appends one record as a line. */
  append(record: unknown): void
  /** Makes the lines so far durable. */
  sync(): Promise<void>
  close(): void
}

/** What to keep of the lines that are there; the rest is cut off, so that every line is a whole record. */
export type Kept = {
  /** Exactly so many bytes, which must end with a line. Throws LOG_DAMAGED where they do not, or are not there. */
  readonly bytes?: number
  /** The lines before the first that this refuses; and what cannot be understood ends them too. */
  readonly records?: (record: unknown) => boolean
}

/** The length of the file up to and including its last line break. */
function completeLength(descriptor: number): number {
  const { fstatSync, readSync } = fs()
  const block = new Uint8Array(1 << 16)
  for (let end = fstatSync(descriptor).size; end > 0; ) {
    const start = Math.max(0, end - block.length)
    const count = readSync(descriptor, block, 0, end - start, start)
    const last = block.subarray(0, count).lastIndexOf(0x0a)
    if (last >= 0) return start + last + 1
    end = start
  }
  return 0
}

/** The length of the lines before the first record that `keep` refuses, or that is not JSON. */
function keptLength(descriptor: number, length: number, keep: (record: unknown) => boolean): number {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length; ) {
    const count = fs().readSync(descriptor, bytes, done, length - done, done)
    if (count === 0) return done
    done += count
  }
  for (let start = 0; start < length; ) {
    const end = bytes.indexOf(0x0a, start)
    try {
      if (!keep(JSON.parse(new TextDecoder().decode(bytes.subarray(start, end))))) return start
    } catch {
      return start
    }
    start = end + 1
  }
  return length
}

function lengthToKeep(descriptor: number, file: string, { bytes, records }: Kept): number {
  if (bytes === undefined) {
    const complete = completeLength(descriptor)
    return records ? keptLength(descriptor, complete, records) : complete
  }
  const { size } = fs().fstatSync(descriptor)
  const last = new Uint8Array(1)
  if (bytes > 0 && bytes <= size) fs().readSync(descriptor, last, 0, 1, bytes - 1)
  if (bytes > 0 && last[0] !== 0x0a)
    throw fileError('LOG_DAMAGED', `${file}: has ${size} bytes, expected a line that ends at byte ${bytes}.`)
  return bytes
}

/**
 * Opens a log for appending and creates it if needed. A last line without its line break is what a killed process left and is
 * removed, as is what `kept` does not cover. Writes are synchronous (some 10 µs) and therefore in order.
 */
export function openLineLog(file: string, kept: Kept = {}): LineLog {
  const { constants, openSync, fsync, ftruncateSync, closeSync, writeSync } = fs()
  const attempt = <T>(operation: () => T): T => {
    try {
      return operation()
    } catch (error) {
      throw explain(error, file, 'write')
    }
  }
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND
  const descriptor = attempt(() => openSync(file, flags, 0o666))
  let bytes = 0
  try {
    bytes = attempt(() => lengthToKeep(descriptor, file, kept))
    attempt(() => ftruncateSync(descriptor, bytes))
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
  return {
    get bytes() {
      return bytes
    },
    append(record) {
      const line = new TextEncoder().encode(`${JSON.stringify(record)}\n`)
      attempt(() => {
        for (let done = 0; done < line.length; ) {
          const count = writeSync(descriptor, line, done)
          if (count === 0) throw failure('IO_ERROR', `${file}: the disk takes no more bytes after ${bytes}.`)
          done += count
          bytes += count
        }
      })
    },
    sync: () =>
      new Promise((resolve, reject) => {
        fsync(descriptor, (error) => (error ? reject(explain(error, file, 'write')) : resolve()))
      }),
    close: () => attempt(() => closeSync(descriptor)),
  }
}
