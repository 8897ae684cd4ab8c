/** Grapheme clusters (UAX 29) of long texts, by the platform's segmenter. */
import type { IntegerList } from './integer-list.ts'
import { isLowSurrogate } from './unicode.ts'

/** Made when it is first needed: its tables cost some milliseconds, and most texts need none. */
let segmenter: Intl.Segmenter | undefined
const segmentsOf = (text: string): Intl.Segments => {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return segmenter.segment(text)
}

/** UTF-16 code units that the segmenter sees at once: for each cluster it takes time in proportion to them. */
const usualWindow = 256

/** Units that nothing joins to their like: printable ASCII and the common ideographs. */
const isPlain = (unit: number): boolean => (unit >= 0x20 && unit < 0x7f) || (unit >= 0x4e00 && unit < 0xa000)

/** Adds the end of each cluster of text[from, to), where a cluster begins at `from`. What is before a cluster does not matter to it. */
export function clusterEnds(text: string, from: number, to: number, ends: IntegerList): void {
  let size = usualWindow
  for (let start = from; start < to; ) {
    if (isPlain(text.charCodeAt(start)) && (start + 1 === to || isPlain(text.charCodeAt(start + 1)))) {
      ends.push(++start)
      continue
    }
    let end = Math.min(start + size, to)
    if (end < to && isLowSurrogate(text.charCodeAt(end))) end++
    let known = start
    for (const { index, segment } of segmentsOf(text.slice(start, end))) {
      const stop = start + index + segment.length
      // A cluster that reaches the end of the window may go on beyond.
      if (stop === end && end < to) break
      ends.push(stop)
      known = stop
      if (size > usualWindow) break
    }
    size = known === start ? 2 * size : usualWindow
    start = known
  }
}

/** Whether a text is one cluster. */
export const isOneCluster = (text: string): boolean => segmentsOf(text).containing(0)!.segment === text
