/** Text cut into pieces, and what pre-tokenizers have in common: cutting pieces further and rewriting them. */
import type { Json } from '../field.ts'
import type { Scanner } from '../patterns/scanners.ts'
import {
  type Aligned,
  AlignedWriter,
  originalEnd,
  originalLength,
  originalStart,
  tooLarge,
  unitsAllowed,
} from '../text/aligned.ts'
import type { Spelled, Spelling } from '../text/bytes.ts'
import { IntegerList } from '../text/integer-list.ts'
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
 * Rewrites all pieces at once, when another pre-tokenizer comes next. Throws TEXT_TOO_LARGE, for such rewritings in a row may multiply
 * a text.
 */
export function respell(pieces: Pieces, spellPiece: Spelling): Pieces {
  const spelling = remembering(spellPiece)
  const inPlace = respellInPlace(pieces, spelling)
  if (inPlace) return inPlace
  const { text, bounds: old } = pieces
  const most = unitsAllowed(originalLength(text))
  const parts: string[] = []
  const starts = new IntegerList(2 * text.text.length)
  const ends = new IntegerList(2 * text.text.length)
  const bounds = new IntegerList(old.length)
  for (let i = 0; i < old.length; i += 2) {
    const from = old.data[i]!
    const spelled = spelling(text.text.slice(from, old.data[i + 1]!))
    const start = starts.length
    for (let k = 0; k < spelled.text.length; k++) {
      starts.push(originalStart(text, from + (spelled.starts?.[k] ?? k)))
      ends.push(originalEnd(text, from + (spelled.ends?.[k] ?? k + 1)))
    }
    if (starts.length > most) throw tooLarge(originalLength(text))
    parts.push(spelled.text)
    bounds.pushPair(start, starts.length)
  }
  return { text: { text: parts.join(''), origin: 0, starts: starts.view(), ends: ends.view() }, bounds }
}
