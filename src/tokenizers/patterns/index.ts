/**
 * Patterns of tokenizer.json, which are written for Oniguruma, as scanners: a hand-written one where there is one, else the
 * pattern's own program.
 */
import { fileError } from '../../base/errors.ts'
import { show } from '../../base/json.ts'
import type { Field } from '../field.ts'
import { Matcher } from './matcher.ts'
import { compile } from './program.ts'
import { readTree } from './read.ts'
import { type Scanner, scanners } from './scanners.ts'
import { hasNestedRepetition } from './tree.ts'

/** A scanner, and whether its matches are known to leave out nothing of any text. */
type Pattern = { scan: Scanner; coversAll: boolean }

/** Every place where a text stands. */
export const scanLiteral =
  (literal: string): Scanner =>
  (text, from, to, bounds) => {
    const part = from === 0 && to === text.length ? text : text.slice(from, to)
    for (let at = part.indexOf(literal); at >= 0; at = part.indexOf(literal, at + literal.length))
      bounds.pushPair(from + at, from + at + literal.length)
  }

/** A pattern in Oniguruma's Ruby syntax → its scanner. Errors: an `Error` that says what is wrong with it; `giveUp` throws later. */
export function scannerOf(source: string, giveUp: () => never, patience?: number): Scanner {
  const tree = readTree(source)
  if (hasNestedRepetition(tree)) throw new Error('a repetition inside a repetition can take exponential time')
  const matcher = new Matcher(compile(tree), giveUp, patience)
  return (text, from, to, bounds) => matcher.scan(text, from, to, bounds)
}

/** `{ "Regex": … }` or `{ "String": … }` → a scanner. Errors: `TOKENIZER_REGEX`, also from the scanner where it takes too long. */
export function readPattern(field: Field): Pattern {
  const literal = field.get('String')
  if (!literal.missing && literal.string() !== '') return { scan: scanLiteral(literal.string()), coversAll: false }
  // The empty text is found between all characters, as the empty expression is.
  const regex = literal.missing ? field.get('Regex') : literal
  const source = regex.string()
  const known = scanners.get(source)
  if (known) return { scan: known, coversAll: true }
  const giveUp = () => {
    throw fileError(
      'TOKENIZER_REGEX',
      `${regex.file}: ${regex.path} is ${show(source)}, which takes too long on this text.\nReplace its back-references, \\G or large bounds by plain repetitions.`,
    )
  }
  try {
    return { scan: scannerOf(source, giveUp), coversAll: false }
  } catch (error) {
    const reason = error instanceof RangeError ? 'it nests too deeply' : (error as Error).message
    return regex.fail(`a regular expression in Oniguruma's syntax; ${reason}`, 'TOKENIZER_REGEX')
  }
}
