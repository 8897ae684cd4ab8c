/** SentencePiece's spelling of words: a visible mark for each space, and one before the text (Kudo and Richardson 2018, §3.2). */
import type { Field } from '../field.ts'
import type { Scanner } from '../patterns/scanners.ts'
import { originalStart } from '../text/aligned.ts'
import type { Spelled } from '../text/bytes.ts'
import { characterLength } from '../text/unicode.ts'
import { cutting, type PreTokenizer, prefixPieces } from './pieces.ts'

const schemes = ['always', 'first', 'never'] as const

/** Which pieces get a mark before them. Older files say `add_prefix_space` instead; where both are there, they must agree. */
export function readPrependScheme(field: Field): (typeof schemes)[number] {
  const scheme = field.get('prepend_scheme')
  if (field.get('add_prefix_space').boolean(true)) return scheme.oneOf(schemes, 'always')
  return scheme.missing || scheme.value === 'never' ? 'never' : scheme.fail('"never", as add_prefix_space is false')
}

/** A new piece begins at each space and each mark. */
const scanMarked =
  (mark: string): Scanner =>
  (text, from, to, out) => {
    const first = mark.charCodeAt(0)
    let start = from
    for (let at = from + 1; at < to; at++) {
      const unit = text.charCodeAt(at)
      if (unit !== 0x20 && (unit !== first || !text.startsWith(mark, at))) continue
      out.pushPair(start, at)
      start = at
    }
    if (to > start) out.pushPair(start, to)
  }

/** Writes a mark for each space of a piece, and one before it if `prefix` is the mark. */
function spell(piece: string, mark: string, prefix: string): Spelled {
  if (mark.length === 1 && prefix === '') return { text: piece.replaceAll(' ', mark) }
  const text = prefix + piece.replaceAll(' ', mark)
  const starts = new Int32Array(text.length)
  const ends = new Int32Array(text.length)
  ends.fill(prefix === '' ? 0 : characterLength(piece, 0), 0, prefix.length)
  for (let i = 0, at = prefix.length; i < piece.length; i++) {
    const length = piece.charCodeAt(i) === 0x20 ? mark.length : 1
    starts.fill(i, at, at + length)
    ends.fill(i + 1, at, at + length)
    at += length
  }
  return { text, starts, ends }
}

/**
 * The text is not rewritten: pieces are cut where a mark would stand, and spelled with marks when the model has not seen them
 * yet. Only the mark before the first piece, with the scheme 'first', must be written at once, for it is not a matter of the
 * piece alone.
 */
export function readMetaspace(field: Field): PreTokenizer {
  const mark = field.get('replacement').character()
  const scheme = readPrependScheme(field)
  const split = field.get('split').boolean(true)
  const cut = cutting(scanMarked(mark))
  const marked = (text: string, at: number) => text.charCodeAt(at) === 0x20 || text.startsWith(mark, at)
  return {
    json: field.object(),
    split(pieces) {
      const { text } = pieces
      const prefixed =
        scheme === 'first'
          ? prefixPieces(pieces, mark, (from) => originalStart(text, from) === 0 && !marked(text.text, from))
          : pieces
      return split ? cut(prefixed) : prefixed
    },
    spelling: (piece) => spell(piece, mark, scheme === 'always' && !marked(piece, 0) ? mark : ''),
  }
}
