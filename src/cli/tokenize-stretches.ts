/** A text of any size as stretches, each with its tokens, which together are the tokens of the whole. */
import { fileError } from '../base/errors.ts'
import type { Replacements } from '../base/utf8.ts'
import { cutPoint, partSize, type TextPart, textPieces } from '../datasets/text.ts'
import { type CutCheck, safeCuts } from '../tokenizers/cuts.ts'
import type { EncodeOptions, Encoding, Tokenizer } from '../tokenizers/index.ts'

/** A stretch of a text, or a text and its pair; offsets count from the beginning of the stretch, which is at `start`. */
export type Stretch = { readonly texts: readonly string[]; readonly start: number; readonly encoding: Encoding }

export type StretchOptions = EncodeOptions & {
  readonly lossy: Replacements | undefined
  /** Told once where a text is too large for a tokenizer that would have to see it as a whole. */
  readonly warn: (message: string) => void
}

/** Bytes of a text that is held and encoded as a whole. */
const mostWhole = 2 ** 27

const tooLarge =
  'This tokenizer may look across any place of a text, and this one is too large to hold: it is cut between words, where tokens may differ from those of the whole.'

/** Pieces that were cut anywhere, put together and cut where a tokenizer allows it. */
async function* cutAgain(pieces: AsyncIterable<string>, allows: CutCheck): AsyncGenerator<string> {
  let waiting = ''
  for await (const piece of pieces) {
    waiting += piece
    const end = cutPoint(waiting, allows)
    if (end === undefined && waiting.length > mostWhole)
      throw fileError(
        'TEXT_TOO_LARGE',
        `The text has ${waiting.length} characters without a place between words, too many to hold.\nGive it in lines, or in several files.`,
      )
    if (end === undefined) continue
    yield waiting.slice(0, end)
    waiting = waiting.slice(end)
  }
  if (waiting !== '') yield waiting
}

const isSimple = ({ pair, truncation, sampling, special }: EncodeOptions): boolean =>
  pair === undefined && truncation === undefined && sampling === undefined && special !== 'error'

/** The text in pieces whose tokens are those of the whole: one piece where nothing else is known to be so. */
async function* piecesFor(
  tokenizer: Tokenizer,
  parts: readonly TextPart[],
  { lossy, warn, ...options }: StretchOptions,
): AsyncGenerator<string> {
  const pieces = textPieces(parts, lossy)
  const allows = isSimple(options) ? safeCuts(tokenizer) : undefined
  if (allows) return yield* cutAgain(pieces, allows)
  const size = parts.reduce((sum, part) => sum + partSize(part), 0)
  if (size > mostWhole) {
    const { truncation, padding } = tokenizer.stages
    if (!isSimple(options) || truncation || padding)
      throw fileError(
        'TEXT_TOO_LARGE',
        `The text has ${size} bytes, and what is asked for needs it as a whole, up to ${mostWhole} bytes.\nLeave out --pair, --max-length, --sample and --special error, or give less text.`,
      )
    warn(tooLarge)
    return yield* pieces
  }
  let whole = ''
  for await (const piece of pieces) whole += piece
  yield whole
}

/** Reads a text and encodes it, about a megabyte at a time where the tokenizer allows that. An empty text is one stretch. */
export async function* stretches(
  tokenizer: Tokenizer,
  parts: readonly TextPart[],
  options: StretchOptions,
): AsyncGenerator<Stretch> {
  const { lossy: _, warn: __, pair, ...encoding } = options
  const encode = (text: string) => tokenizer.encode(text, { ...encoding, ...(pair !== undefined && { pair }) })
  let start = 0
  let isFirst = true
  let waiting: string | undefined
  const next = (text: string, isLast: boolean): Stretch => {
    const texts = pair === undefined ? [text] : [text, pair]
    const whole = encode(text)
    const stretch = { texts, start, encoding: isFirst && isLast ? whole : whole.withEnds(isFirst, isLast) }
    start += text.length
    isFirst = false
    return stretch
  }
  for await (const piece of piecesFor(tokenizer, parts, options)) {
    if (waiting !== undefined) yield next(waiting, false)
    waiting = piece
  }
  yield next(waiting ?? '', true)
}
