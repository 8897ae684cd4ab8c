/** Every match of a pattern replaced by a fixed text. */
import { Field } from '../field.ts'
import { readPattern } from '../patterns/index.ts'
import { AlignedWriter } from '../text/aligned.ts'
import { IntegerList } from '../text/integer-list.ts'
import { characterBefore } from '../text/unicode.ts'
import { characterMap } from './character-map.ts'
import type { Normalizer } from './index.ts'

/** The empty string is a pattern too: it matches before every character. */
const emptyPattern = new Field('built-in', { Regex: '(?:)' })

/** The text stands for the last character of the match, or for the one before an empty match. */
export function readReplace(field: Field): Normalizer {
  const pattern = field.get('pattern')
  const literal = pattern.get('String').value
  const content = field.get('content').string()
  if (typeof literal === 'string' && Array.from(literal).length === 1) {
    const normalize = characterMap((character) => (character === literal ? content : character))
    return { json: field.object(), normalize }
  }
  const { scan } = readPattern(literal === '' ? emptyPattern : pattern)
  const matches = new IntegerList()
  return {
    json: field.object(),
    normalize(aligned) {
      const { text } = aligned
      if (text === '') return aligned
      matches.length = 0
      scan(text, 0, text.length, matches)
      if (matches.length === 0) return aligned
      const writer = new AlignedWriter(aligned)
      let done = 0
      for (let i = 0; i < matches.length; i += 2) {
        const to = matches.data[i + 1]!
        writer.copy(done, matches.data[i]!)
        writer.write(content, to === 0 ? 0 : characterBefore(text, to), to)
        done = to
      }
      writer.copy(done, text.length)
      return writer.finish()
    },
  }
}
