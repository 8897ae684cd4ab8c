/** The first stage: rewrites text before it is cut, keeping the way back to the original. */

import { type Field, type Json, readStage, type StageReader } from '../field.ts'
import { readPattern } from '../patterns/index.ts'
import { type Aligned, AlignedWriter } from '../text/aligned.ts'
import { IntegerList } from '../text/integer-list.ts'
import { characterLength } from '../text/unicode.ts'

export type Normalizer = {
  /** As in tokenizer.json. */
  readonly json: Json
  normalize(text: Aligned): Aligned
}

/** Text before the first character; an empty text stays empty. */
function readPrepend(field: Field): Normalizer {
  const prefix = field.get('prepend').string()
  return {
    json: field.object(),
    normalize(text) {
      const { length } = text.text
      if (length === 0 || prefix === '') return text
      const writer = new AlignedWriter(text)
      writer.write(prefix, 0, characterLength(text.text, 0))
      writer.copy(0, length)
      return writer.finish()
    },
  }
}

/** Every match of a pattern replaced by a fixed text, which stands for the whole match. */
function readReplace(field: Field): Normalizer {
  const { scan } = readPattern(field.get('pattern'))
  const content = field.get('content').string()
  return {
    json: field.object(),
    normalize(text) {
      const matches = new IntegerList()
      scan(text.text, 0, text.text.length, matches)
      if (matches.length === 0) return text
      const writer = new AlignedWriter(text)
      let done = 0
      for (let i = 0; i < matches.length; i += 2) {
        const from = matches.data[i]!
        const to = matches.data[i + 1]!
        writer.copy(done, from)
        // An empty match has no characters to stand for.
        if (to > from) writer.write(content, from, to)
        done = to
      }
      writer.copy(done, text.text.length)
      return writer.finish()
    },
  }
}

function readSequence(field: Field): Normalizer {
  const stages = field.get('normalizers').list().map(readNormalizer)
  return {
    json: field.object(),
    normalize: (text) => stages.reduce((soFar, stage) => stage.normalize(soFar), text),
  }
}

const readers: Record<string, StageReader<Normalizer>> = {
  Prepend: readPrepend,
  Replace: readReplace,
  Sequence: readSequence,
}

/** The `normalizer` of a tokenizer.json. */
export const readNormalizer = (field: Field): Normalizer => readStage(field, readers)
