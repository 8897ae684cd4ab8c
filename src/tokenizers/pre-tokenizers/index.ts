/** The second stage: cuts text into the pieces that the model sees one at a time. */

import { type Field, type Json, readStage, type StageReader } from '../field.ts'
import { readPattern } from '../patterns/index.ts'
import { type Scanner, scanGpt2 } from '../patterns/scanners.ts'
import { type Aligned, AlignedWriter } from '../text/aligned.ts'
import { type Spelling, spellBytes } from '../text/bytes.ts'
import { IntegerList } from '../text/integer-list.ts'
import { characterLength } from '../text/unicode.ts'

/** A text and the pieces it is cut into: [start, end) pairs in units of `text`, in order, none empty. */
export type Pieces = { readonly text: Aligned; readonly bounds: IntegerList }

export type PreTokenizer = {
  /** As in tokenizer.json. */
  readonly json: Json
  /** Cuts every piece further; may also rewrite the text. */
  split(pieces: Pieces): Pieces
  /** How a piece is rewritten for what comes next, if it is; done lazily, piece by piece, when the model is next. */
  readonly spelling?: Spelling
}

/** The whole text as one piece. */
export function onePiece(text: Aligned): Pieces {
  const bounds = new IntegerList(2)
  if (text.text.length > 0) bounds.pushPair(0, text.text.length)
  return { text, bounds }
}

/** Rewrites all pieces at once; what lies between them is dropped. */
function respell(pieces: Pieces, spelling: Spelling): Pieces {
  const writer = new AlignedWriter(pieces.text)
  const bounds = new IntegerList(pieces.bounds.length)
  const old = pieces.bounds.view()
  for (let i = 0; i < old.length; i += 2) {
    const from = old[i]!
    const spelled = spelling(pieces.text.text.slice(from, old[i + 1]!))
    const start = writer.length
    for (let k = 0; k < spelled.text.length; k++)
      writer.write(spelled.text[k]!, from + (spelled.starts?.[k] ?? k), from + (spelled.ends?.[k] ?? k + 1))
    bounds.pushPair(start, writer.length)
  }
  return { text: writer.finish(), bounds }
}

/** Puts a space before every piece that has none, as if all began a word. */
function prefixSpaces(pieces: Pieces): Pieces {
  const { text } = pieces.text
  const old = pieces.bounds.view()
  const writer = new AlignedWriter(pieces.text)
  const bounds = new IntegerList(old.length)
  for (let i = 0; i < old.length; i += 2) {
    const from = old[i]!
    const start = writer.length
    if (text.charCodeAt(from) !== 0x20) writer.write(' ', from, from + characterLength(text, from))
    writer.copy(from, old[i + 1]!)
    bounds.pushPair(start, writer.length)
  }
  return { text: writer.finish(), bounds }
}

/** Cuts every piece where a scanner says, which must cover all of it. */
function cut(pieces: Pieces, scan: Scanner): Pieces {
  const { text } = pieces.text
  const old = pieces.bounds.view()
  const bounds = new IntegerList(Math.max(64, text.length >> 1))
  for (let i = 0; i < old.length; i += 2) scan(text, old[i]!, old[i + 1]!, bounds)
  return { text: pieces.text, bounds }
}

/** GPT-2's: its split pattern, then bytes for characters. Pieces of another pattern may come before, with `use_regex` false. */
function readByteLevel(field: Field): PreTokenizer {
  const addPrefixSpace = field.get('add_prefix_space').boolean(true)
  const useRegex = field.get('use_regex').boolean(true)
  return {
    json: field.object(),
    split(pieces) {
      const prefixed = addPrefixSpace ? prefixSpaces(pieces) : pieces
      return useRegex ? cut(prefixed, scanGpt2) : prefixed
    },
    spelling: spellBytes,
  }
}

/** What becomes of matches (`true`) and the text between them (`false`): adds the pieces of one stretch to `out`. */
type Behavior = (ranges: readonly { from: number; to: number; match: boolean }[], out: IntegerList) => void

const behaviors: Record<string, Behavior> = {
  Removed: (ranges, out) => {
    for (const range of ranges) if (!range.match) out.pushPair(range.from, range.to)
  },
  Isolated: (ranges, out) => {
    for (const range of ranges) out.pushPair(range.from, range.to)
  },
  Contiguous: (ranges, out) => {
    for (let i = 0; i < ranges.length; ) {
      const { from, match } = ranges[i]!
      while (i < ranges.length && ranges[i]!.match === match) i++
      out.pushPair(from, ranges[i - 1]!.to)
    }
  },
  MergedWithPrevious: (ranges, out) => {
    for (let i = 0; i < ranges.length; i++) {
      const { from, match } = ranges[i]!
      if (!match && ranges[i + 1]?.match) i++
      out.pushPair(from, ranges[i]!.to)
    }
  },
  MergedWithNext: (ranges, out) => {
    for (let i = 0; i < ranges.length; i++) {
      const { from, match } = ranges[i]!
      if (match && ranges[i + 1]?.match === false) i++
      out.pushPair(from, ranges[i]!.to)
    }
  },
}

/** Cuts at the matches of a pattern. */
function readSplit(field: Field): PreTokenizer {
  const { scan, coversAll } = readPattern(field.get('pattern'))
  const behavior = field.get('behavior').oneOf(Object.keys(behaviors))
  const invert = field.get('invert').boolean(false)
  const place = behaviors[behavior]!
  const matches = new IntegerList()
  const splitOne = (text: string, from: number, to: number, out: IntegerList) => {
    matches.length = 0
    scan(text, from, to, matches)
    const ranges: { from: number; to: number; match: boolean }[] = []
    let done = from
    const add = (start: number, end: number, match: boolean) => {
      if (end > start) ranges.push({ from: start, to: end, match: match !== invert })
    }
    for (let i = 0; i < matches.length; i += 2) {
      add(done, matches.data[i]!, false)
      add(matches.data[i]!, matches.data[i + 1]!, true)
      done = matches.data[i + 1]!
    }
    add(done, to, false)
    place(ranges, out)
  }
  /** The common case without an object per match: matches and what lies between them, each a piece. */
  const isolate: Scanner = (text, from, to, out) => {
    matches.length = 0
    scan(text, from, to, matches)
    let done = from
    for (let i = 0; i < matches.length; i += 2) {
      const start = matches.data[i]!
      const end = matches.data[i + 1]!
      if (start > done) out.pushPair(done, start)
      if (end > start) out.pushPair(start, end)
      done = end
    }
    if (to > done) out.pushPair(done, to)
  }
  const byBehavior = behavior !== 'Isolated' ? splitOne : coversAll ? scan : isolate
  return { json: field.object(), split: (pieces) => cut(pieces, byBehavior) }
}

/** One after the other. */
function readSequence(field: Field): PreTokenizer {
  const stages = field.get('pretokenizers').list().map(readPreTokenizer)
  const last = stages.at(-1)
  return {
    json: field.object(),
    split(pieces) {
      for (const stage of stages) {
        pieces = stage.split(pieces)
        if (stage.spelling && stage !== last) pieces = respell(pieces, stage.spelling)
      }
      return pieces
    },
    spelling: last?.spelling,
  }
}

const readers: Record<string, StageReader<PreTokenizer>> = {
  ByteLevel: readByteLevel,
  Split: readSplit,
  Sequence: readSequence,
}

/** The `pre_tokenizer` of a tokenizer.json. */
export const readPreTokenizer = (field: Field): PreTokenizer => readStage(field, readers)
