/** Cutting by kinds of characters: white space, words, punctuation, digits. */
import type { Field } from '../field.ts'
import type { Scanner } from '../patterns/scanners.ts'
import { ASTRAL, flagsAt, NUMERIC, PUNCTUATION, WHITE_SPACE, WORD } from '../text/character-flags.ts'
import { type Behavior, behaviors, splitWith } from './behaviors.ts'
import { cutter, type PreTokenizer } from './pieces.ts'

const unitsOf = (flags: number): number => (flags & ASTRAL ? 2 : 1)

/** Matches every character that has one of the flags. */
const findCharacters =
  (wanted: number): Scanner =>
  (text, from, to, out) => {
    for (let at = from; at < to; ) {
      const flags = flagsAt(text, at)
      const next = at + unitsOf(flags)
      if (flags & wanted) out.pushPair(at, next)
      at = next
    }
  }

/** Runs of anything but white space; each character with one of the flags `alone` is a piece of its own. */
const scanUnspaced =
  (alone: number): Scanner =>
  (text, from, to, out) => {
    let start = from
    for (let at = from; at < to; ) {
      const flags = flagsAt(text, at)
      const next = at + unitsOf(flags)
      if (flags & (WHITE_SPACE | alone)) {
        if (at > start) out.pushPair(start, at)
        if (flags & alone) out.pushPair(at, next)
        start = next
      }
      at = next
    }
    if (to > start) out.pushPair(start, to)
  }

/** `\w+|[^\w\s]+` */
const scanWords: Scanner = (text, from, to, out) => {
  const kinds = WORD | WHITE_SPACE
  let start = from
  let kind = WHITE_SPACE
  for (let at = from; at < to; ) {
    const flags = flagsAt(text, at)
    if ((flags & kinds) !== kind) {
      if (kind !== WHITE_SPACE) out.pushPair(start, at)
      start = at
      kind = flags & kinds
    }
    at += unitsOf(flags)
  }
  if (kind !== WHITE_SPACE && to > start) out.pushPair(start, to)
}

export const readWhitespace = (field: Field): PreTokenizer => cutter(field.object(), scanWords)

export const readWhitespaceSplit = (field: Field): PreTokenizer => cutter(field.object(), scanUnspaced(0))

/** BERT's: white space separates, punctuation stands alone (Devlin et al. 2019, the published tokenizer). */
export const readBert = (field: Field): PreTokenizer => cutter(field.object(), scanUnspaced(PUNCTUATION))

export function readPunctuation(field: Field): PreTokenizer {
  const behavior = field.get('behavior').oneOf<Behavior>(behaviors, 'Isolated')
  return cutter(field.object(), splitWith(findCharacters(PUNCTUATION), behavior))
}

export function readDigits(field: Field): PreTokenizer {
  const individual = field.get('individual_digits').boolean()
  return cutter(field.object(), splitWith(findCharacters(NUMERIC), individual ? 'Isolated' : 'Contiguous'))
}
