/** Text cut into pieces, and what pre-tokenizers have in common: cutting pieces further and rewriting them. */
import type { Json } from '../field.ts'
import type { Scanner } from '../patterns/scanners.ts'
import { type Aligned, AlignedWriter, originalLength, tooLarge, unitsAllowed } from '../text/aligned.ts'
import type { Spelled, Spelling } from '../text/bytes.ts'
import { enlarged, IntegerList } from '../text/integer-list.ts'
import { characterLength } from '../text/unicode.ts'

/**
 * A text and the pieces it is cut into: [start, end) pairs in units of `text`, in order, none empty. The list is lent: it is filled
 * anew when the next text is cut.
 */
export type Pieces = { readonly text: Aligned; readonly bounds: IntegerList }

export type PreTokenizer = {
  /** As in tokenizer.json. */
  readonly json: Json
  /** Cuts every piece further; may also rewrite the text. */
  split(pieces: Pieces): Pieces
  /** How a piece is rewritten for what comes next, if it is; done lazily, piece by piece, when the model is next. */
  readonly spelling?: Spelling
}

/** The bounds of the text that is cut now. */
const whole = new IntegerList(2)

/** A text as a pre-tokenizer cuts it; without one it is one piece. */
export function piecesOf(text: Aligned, preTokenizer: PreTokenizer | undefined): Pieces {
  whole.clear()
  if (text.text.length > 0) whole.pushPair(0, text.text.length)
  const pieces = { text, bounds: whole }
  return preTokenizer?.split(pieces) ?? pieces
}

/** A function that cuts every piece into what a scanner finds in it; what that leaves out is dropped. */
export function cutting(scan: Scanner): (pieces: Pieces) => Pieces {
  const bounds = new IntegerList()
  return ({ text, bounds: old }) => {
    bounds.clear()
    for (let i = 0; i < old.length; i += 2) scan(text.text, old.data[i]!, old.data[i + 1]!, bounds)
    return { text, bounds }
  }
}

/** A pre-tokenizer that only cuts. */
export const cutter = (json: Json, scan: Scanner): PreTokenizer => ({ json, split: cutting(scan) })

/** Puts `prefix` before the pieces that need it, as a part of their first character. */
export function prefixPieces({ text, bounds: old }: Pieces, prefix: string, needs: (from: number) => boolean): Pieces {
  let some = false
  for (let i = 0; i < old.length && !some; i += 2) some = needs(old.data[i]!)
  if (!some) return { text, bounds: old }
  const writer = new AlignedWriter(text)
  const bounds = new IntegerList(old.length)
  for (let i = 0; i < old.length; i += 2) {
    const from = old.data[i]!
    const start = writer.length
    if (needs(from)) writer.write(prefix, from, from + characterLength(text.text, from))
    writer.copy(from, old.data[i + 1]!)
    bounds.pushPair(start, writer.length)
  }
  return { text: writer.finish(), bounds }
}

/** Rewrites all pieces at once, where every unit keeps its place; undefined as soon as one does not. */
function respellInPlace({ text, bounds }: Pieces, spelling: Spelling): Pieces | undefined {
  const parts: string[] = []
  let done = 0
  for (let i = 0; i < bounds.length; i += 2) {
    const from = bounds.data[i]!
    const to = bounds.data[i + 1]!
    const spelled = spelling(text.text.slice(from, to))
    if (spelled.starts) return undefined
    if (from > done) parts.push(text.text.slice(done, from))
    parts.push(spelled.text)
    done = to
  }
  parts.push(text.text.slice(done))
  return { text: { ...text, text: parts.join('') }, bounds }
}

/** A spelling that remembers short pieces, for words repeat. */
function remembering(spelling: Spelling): Spelling {
  const known = new Map<string, Spelled>()
  return (piece) => {
    if (piece.length > 32) return spelling(piece)
    let spelled = known.get(piece)
    if (!spelled) known.set(piece, (spelled = spelling(piece)))
    return spelled
  }
}

/**
 * How much text pre-tokenizers may make for each other: bytes spelled in characters are at most three for one, and six when those are
 * spelled in bytes again, but stages in a row may double most of a text each.
 */
const mostRespelled = (units: number): number => Math.min(unitsAllowed(units), Math.max(2 ** 24, 8 * units))

/** Rewrites all pieces at once, when another pre-tokenizer comes next. Errors: `TEXT_TOO_LARGE`. */
export function respell(pieces: Pieces, spellPiece: Spelling): Pieces {
  const spelling = remembering(spellPiece)
  const inPlace = respellInPlace(pieces, spelling)
  if (inPlace) return inPlace
  const { text, bounds: old } = pieces
  const original = originalLength(text)
  const most = mostRespelled(original)
  const parts: string[] = []
  let starts = new Int32Array(2 * text.text.length)
  let ends = new Int32Array(2 * text.text.length)
  let length = 0
  const bounds = new IntegerList(old.length)
  for (let i = 0; i < old.length; i += 2) {
    const from = old.data[i]!
    const spelled = spelling(text.text.slice(from, old.data[i + 1]!))
    const count = spelled.text.length
    if (length + count > most) throw tooLarge(original, most)
    if (length + count > starts.length) {
      const capacity = Math.min(most, Math.max(length + count, 2 * starts.length))
      starts = enlarged(starts, capacity)
      ends = enlarged(ends, capacity)
    }
    for (let k = 0; k < count; k++) {
      const first = from + (spelled.starts ? spelled.starts[k]! : k)
      const last = from + (spelled.ends ? spelled.ends[k]! : k + 1)
      starts[length + k] = text.starts ? text.starts[first]! : text.origin + first
      ends[length + k] = text.ends ? text.ends[last - 1]! : text.origin + last
    }
    parts.push(spelled.text)
    bounds.pushPair(length, length + count)
    length += count
  }
  return {
    text: { text: parts.join(''), origin: 0, starts: starts.subarray(0, length), ends: ends.subarray(0, length) },
    bounds,
  }
}
