/** Cutting at the matches of a pattern, at one character, or at a fixed length. */
import type { Field } from '../field.ts'
import { readPattern, scanLiteral } from '../patterns/index.ts'
import type { Scanner } from '../patterns/scanners.ts'
import { characterLength } from '../text/unicode.ts'
import { type Behavior, behaviors, splitWith } from './behaviors.ts'
import { cutter, type PreTokenizer } from './pieces.ts'

export function readSplit(field: Field): PreTokenizer {
  const { scan, coversAll } = readPattern(field.get('pattern'))
  const behavior = field.get('behavior').oneOf<Behavior>(behaviors)
  const invert = field.get('invert').boolean(false)
  // Of a pattern that leaves nothing out, the matches are the pieces.
  const pieces = behavior === 'Isolated' && coversAll ? scan : splitWith(scan, behavior, invert)
  return cutter(field.object(), pieces)
}

export function readCharDelimiterSplit(field: Field): PreTokenizer {
  const delimiter = field.get('delimiter').character()
  return cutter(field.object(), splitWith(scanLiteral(delimiter), 'Removed'))
}

/** Pieces of `length` characters; the last may be shorter. */
export function readFixedLength(field: Field): PreTokenizer {
  const length = field.get('length').integer(1, Number.MAX_SAFE_INTEGER, 5)
  const scan: Scanner = (text, from, to, out) => {
    let start = from
    let count = 0
    for (let at = from; at < to; ) {
      at += characterLength(text, at)
      if (++count < length && at < to) continue
      out.pushPair(start, at)
      start = at
      count = 0
    }
  }
  return cutter(field.object(), scan)
}
