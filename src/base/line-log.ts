/** A file of JSON lines that grows: one line for each record, written at once, readable while it grows. */
import { explain, fs } from './files.ts'

export type LineLog = {
  /** Appends one record as a line. */
  append(record: unknown): void
  close(): void
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
  for (let done = 0; done < length; ) done += fs().readSync(descriptor, bytes, done, length - done, done)
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

/**
 * Opens a log for appending and creates it if needed. A last line without its line break is what a killed process left: it is
 * removed, so that every line is a whole record. With `keep`, so are the first record it refuses and all that follow. Writes are synchronous (some 10 µs) and therefore in order.
 */
export function openLineLog(file: string, keep?: (record: unknown) => boolean): LineLog {
  const { constants, openSync, ftruncateSync, closeSync, writeSync } = fs()
  const attempt = <T>(operation: () => T): T => {
    try {
      return operation()
    } catch (error) {
      throw explain(error, file, 'write')
    }
  }
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND
  const descriptor = attempt(() => openSync(file, flags, 0o666))
  attempt(() => {
    const complete = completeLength(descriptor)
    ftruncateSync(descriptor, keep ? keptLength(descriptor, complete, keep) : complete)
  })
  return {
    append(record) {
      const bytes = new TextEncoder().encode(`${JSON.stringify(record)}\n`)
      attempt(() => {
        for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done)
      })
    },
    close: () => attempt(() => closeSync(descriptor)),
  }
}
