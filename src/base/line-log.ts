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

/**
 * Opens a log for appending and creates it if needed. A last line without its line break is what a killed process left: it is
 * removed, so that every line is a whole record. Writes are synchronous (some 10 µs) and therefore in order.
 */
export function openLineLog(file: string): LineLog {
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
  attempt(() => ftruncateSync(descriptor, completeLength(descriptor)))
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
