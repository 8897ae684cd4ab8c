/** Every match of a pattern in a token replaced by a fixed text. */
import type { Field } from '../field.ts'
import { readPattern } from '../patterns/index.ts'
import type { Scanner } from '../patterns/scanners.ts'
import { IntegerList } from '../text/integer-list.ts'
import type { Decoder } from './decoder.ts'
import { replacing, type TextStream } from './text-stream.ts'
import { tokenByToken } from './token-by-token.ts'

/** What comes next may change any match of a regular expression, so a text waits for its end. */
function replacingMatches(scan: Scanner, content: string): TextStream {
  const parts: string[] = []
  const matches = new IntegerList()
  return {
    push(part) {
      parts.push(part)
      return ''
    },
    flush() {
      const text = parts.join('')
      parts.length = 0
      if (text === '') return ''
      matches.length = 0
      scan(text, 0, text.length, matches)
      let out = ''
      let done = 0
      for (let i = 0; i < matches.length; i += 2) {
        out += text.slice(done, matches.data[i]!) + content
        done = matches.data[i + 1]!
      }
      return out + text.slice(done)
    },
  }
}

/** An empty text has no place for a match, not even for the empty word. */
function replacingEmptyWord(content: string): TextStream {
  const stream = replacing('', content)
  let some = false
  return {
    push(part) {
      some ||= part !== ''
      return stream.push(part)
    },
    flush() {
      const text = some ? stream.flush() : ''
      some = false
      return text
    },
  }
}

export function readReplace(field: Field): Decoder {
  const pattern = field.get('pattern')
  const literal = pattern.get('String')
  const content = field.get('content').string()
  if (!literal.missing) {
    const word = literal.string()
    const rewriting = () => (word === '' ? replacingEmptyWord(content) : replacing(word, content))
    return tokenByToken({ json: field.object(), rewriting })
  }
  const { scan } = readPattern(pattern)
  return tokenByToken({ json: field.object(), rewriting: () => replacingMatches(scan, content) })
}
