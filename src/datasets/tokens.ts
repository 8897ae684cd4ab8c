/** Long sequences of token ids, read at any place and never loaded whole. */
import { writeFile } from '../base/atomic.ts'
import { openFile } from '../base/files.ts'

/** Token ids in order. */
export type TokenSequence = {
  readonly length: number
  /** Fills `into` with the ids from `start` on. At once: a batch reads a dozen short stretches. */
  read(start: number, into: Int32Array): void
  close(): Promise<void>
}

/** Ids in memory. */
export const tokensInMemory = (ids: Int32Array): TokenSequence => ({
  length: ids.length,
  read: (start, into) => into.set(ids.subarray(start, start + into.length)),
  close: async () => {},
})

/** Bytes of one id in a file, by the size of the vocabulary. */
const width = (vocabSize: number): 2 | 4 => (vocabSize <= 65_536 ? 2 : 4)

/** A file of ids, little-endian, 16 bits each where the vocabulary allows, else 32. */
export async function openTokens(file: string, vocabSize: number): Promise<TokenSequence> {
  const open = await openFile(file)
  const bytes = width(vocabSize)
  return {
    length: Math.floor(open.size / bytes),
    read(start, into) {
      const raw = open.readNow(start * bytes, new Uint8Array(into.length * bytes))
      into.set(bytes === 2 ? new Uint16Array(raw.buffer) : new Int32Array(raw.buffer))
    },
    close: () => open.close(),
  }
}

/** Writes ids as they come; returns how many. The file appears when it is complete. */
export async function writeTokens(
  file: string,
  vocabSize: number,
  pieces: AsyncIterable<readonly number[]> | Iterable<readonly number[]>,
): Promise<number> {
  let count = 0
  await writeFile(file, async (sink) => {
    for await (const ids of pieces) {
      count += ids.length
      const raw = width(vocabSize) === 2 ? Uint16Array.from(ids) : Int32Array.from(ids)
      await sink.write(new Uint8Array(raw.buffer))
    }
  })
  return count
}
