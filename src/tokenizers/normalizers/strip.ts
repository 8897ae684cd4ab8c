/** Taking away: white space at the ends, and accents. */
import type { Field } from '../field.ts'
import { trimAligned } from '../text/aligned.ts'
import { characterClasses, SPACE } from '../text/character-classes.ts'
import { characterMap } from './character-map.ts'
import type { Normalizer } from './index.ts'
import { isMark } from './older-unicode.ts'

/** White space at the left, at the right. */
export function readStrip(field: Field): Normalizer {
  const left = field.get('strip_left').boolean()
  const right = field.get('strip_right').boolean()
  const isSpace = (unit: number) => characterClasses.of(unit) === SPACE
  return {
    json: field.object(),
    normalize(aligned) {
      const { text } = aligned
      let from = 0
      let to = text.length
      if (left) while (from < to && isSpace(text.charCodeAt(from))) from++
      if (right) while (to > from && isSpace(text.charCodeAt(to - 1))) to--
      return trimAligned(aligned, from, to)
    },
  }
}

const stripMarks = characterMap((character) => (isMark(character) ? '' : character))

/** All marks; for letters with accents, NFD has to come before. */
export const readStripAccents = (field: Field): Normalizer => ({ json: field.object(), normalize: stripMarks })
