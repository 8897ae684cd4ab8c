/** Text before the first character. */
import type { Field } from '../field.ts'
import { AlignedWriter } from '../text/aligned.ts'
import { characterLength } from '../text/unicode.ts'
import type { Normalizer } from './index.ts'

/** What is prepended stands for the first character. An empty text stays empty. */
export function readPrepend(field: Field): Normalizer {
  const prefix = field.get('prepend').string()
  return {
    json: field.object(),
    normalize(aligned) {
      const { text } = aligned
      if (text === '') return aligned
      const first = characterLength(text, 0)
      const writer = new AlignedWriter(aligned)
      writer.write(prefix, 0, first)
      // As in Hugging Face's library, where without a prefix it is the first character that counts as inserted.
      writer.write(text.slice(0, first), 0, prefix === '' ? 0 : first)
      writer.copy(first, text.length)
      return writer.finish()
    },
  }
}
