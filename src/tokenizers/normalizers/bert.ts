/** BERT's cleaning: controls away, spaces around Chinese characters, no accents, no capitals. */
import type { Field } from '../field.ts'
import { characterMap, characterTest } from './character-map.ts'
import type { Normalizer } from './index.ts'
import { characterIn, combiningRank, isControl, isNonspacingMark } from './older-unicode.ts'
import { decompose } from './unicode-forms.ts'

const space = /\p{White_Space}/u

/** The CJK blocks of the original code, without later extensions. */
const chinese =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/u

function clean(character: string): string {
  if (/[\t\n\r]/.test(character)) return ' '
  if (character === '\0' || character === '\ufffd' || isControl(character)) return ''
  return space.test(character) ? ' ' : character
}

const withoutAccents = (text: string): string => Array.from(text, (c) => (isNonspacingMark(c) ? '' : c)).join('')

/** Marks that stay, but may change places with their neighbors: with one of these in it a text is no sum of its characters. */
const hasMovingMark = characterTest((character) =>
  Array.from(characterIn('NFD', character)).some((part) => !isNonspacingMark(part) && combiningRank(part) > 0),
)

export function readBert(field: Field): Normalizer {
  const cleans = field.get('clean_text').boolean()
  const spaces = field.get('handle_chinese_chars').boolean()
  const lowers = field.get('lowercase').boolean()
  const strips = field.get('strip_accents').boolean(lowers)

  const cleanOne = (character: string): string => {
    const cleaned = cleans ? clean(character) : character
    return spaces && chinese.test(cleaned) ? ` ${cleaned} ` : cleaned
  }
  // By the character, for a Σ at the end of a word is not special.
  const lowerAll = (text: string): string => (lowers ? Array.from(text, (c) => c.toLowerCase()).join('') : text)
  const stripAll = (text: string): string => withoutAccents(Array.from(text, (c) => characterIn('NFD', c)).join(''))

  const all = characterMap((character) => lowerAll(strips ? stripAll(cleanOne(character)) : cleanOne(character)))
  const first = characterMap(cleanOne)
  const last = characterMap((character) => lowerAll(withoutAccents(character)))
  return {
    json: field.object(),
    normalize: (text) => (strips && hasMovingMark(text.text) ? last(decompose(first(text))) : all(text)),
  }
}
