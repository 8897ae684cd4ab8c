/** Tokens that are found in the text before anything else touches it: special tokens and words added to a vocabulary. */
import { usageError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import { type Field, type Json, largestId } from './field.ts'
import type { Vocabulary } from './models/vocabulary.ts'
import type { Normalizer } from './normalizers/index.ts'
import { type Aligned, sliceAligned } from './text/aligned.ts'
import { isLowSurrogate } from './text/unicode.ts'

export type AddedToken = {
  id: number
  content: string
  /** Only where no word character stands beside it. */
  singleWord: boolean
  /** Takes the white space to its left, to its right. */
  lstrip: boolean
  rstrip: boolean
  /** Looked for in the normalized text. */
  normalized: boolean
  /** Means something to the model; never what a user wrote, unless the caller says so. */
  special: boolean
}

/** A special token with nothing out of the ordinary. */
export const specialToken = (content: string, id: number): AddedToken => ({
  id,
  content,
  singleWord: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
})

/** What special tokens that occur in a text are taken for: an error, themselves, or ordinary text. */
export type SpecialHandling = 'error' | 'parse' | 'text'

/** A stretch of text, and the token it is if it is one. */
export type Segment = { text: Aligned; token?: AddedToken }

const wordAtStart = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u
const isSpace = (unit: string | undefined) => unit !== undefined && /\p{White_Space}/u.test(unit)

/** Whether a word character stands at `index`, or ends there. */
function wordAt(text: string, index: number): boolean {
  return index < text.length && wordAtStart.test(String.fromCodePoint(text.codePointAt(index)!))
}
function wordBefore(text: string, index: number): boolean {
  if (index === 0) return false
  return wordAt(text, isLowSurrogate(text.charCodeAt(index - 1)) ? index - 2 : index - 1)
}

/** Tokens by the text they are looked for with, and one expression that finds the leftmost, and the longest of those. */
type Finder = { byText: Map<string, AddedToken>; expression: RegExp }

function finderOf(tokens: readonly AddedToken[], textOf: (token: AddedToken) => string): Finder | undefined {
  const byText = new Map(tokens.map((token) => [textOf(token), token]))
  byText.delete('')
  if (byText.size === 0) return undefined
  const alternatives = [...byText.keys()]
    .sort((a, b) => b.length - a.length)
    .map((text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
  return { byText, expression: new RegExp(alternatives.join('|'), 'g') }
}

export class AddedTokens {
  readonly list: readonly AddedToken[]
  readonly byId: ReadonlyMap<number, AddedToken>
  readonly byContent: ReadonlyMap<string, AddedToken>
  readonly #normalizer: Normalizer | undefined
  readonly #raw: Finder | undefined
  readonly #normalized: Finder | undefined
  constructor(list: readonly AddedToken[], normalizer: Normalizer | undefined) {
    this.list = list.toSorted((a, b) => a.id - b.id)
    this.byId = new Map(list.map((token) => [token.id, token]))
    this.byContent = new Map(list.map((token) => [token.content, token]))
    this.#normalizer = normalizer
    const inText = (normalized: boolean) => list.filter((token) => token.normalized === normalized)
    this.#raw = finderOf(inText(false), (token) => token.content)
    this.#normalized = finderOf(inText(true), (token) => this.#normalize({ text: token.content, origin: 0 }).text)
  }

  #normalize(text: Aligned): Aligned {
    return this.#normalizer ? this.#normalizer.normalize(text) : text
  }

  /**
   * A text as added tokens and normalized stretches between them. Errors: `SPECIAL_TOKEN_IN_TEXT`, with handling 'error' and a
   * special token in the text.
   */
  *segments(text: Aligned, special: SpecialHandling): Generator<Segment> {
    for (const segment of this.#find(text, this.#raw, special))
      if (segment.token) yield segment
      else yield* this.#find(this.#normalize(segment.text), this.#normalized, special)
  }

  *#find(aligned: Aligned, finder: Finder | undefined, special: SpecialHandling): Generator<Segment> {
    const { text } = aligned
    let done = 0
    for (const match of finder ? text.matchAll(finder.expression) : []) {
      const token = finder!.byText.get(match[0])!
      let from = match.index
      let to = from + match[0].length
      // White space taken by the token before may hold this match.
      if (from < done || (token.special && special === 'text')) continue
      if (token.singleWord && (wordBefore(text, from) || wordAt(text, to))) continue
      if (token.special && special === 'error') throw refuse(token, aligned, from)
      if (token.lstrip) while (from > done && isSpace(text[from - 1])) from--
      if (token.rstrip) while (isSpace(text[to])) to++
      if (from > done) yield { text: sliceAligned(aligned, done, from) }
      yield { text: sliceAligned(aligned, from, to), token }
      done = to
    }
    if (done < text.length) yield { text: sliceAligned(aligned, done, text.length) }
  }
}

const refuse = (token: AddedToken, aligned: Aligned, index: number) =>
  usageError(
    'SPECIAL_TOKEN_IN_TEXT',
    `The text contains the special token ${show(token.content)} at unit ${aligned.starts?.[index] ?? aligned.origin + index}.\n` +
      "Encode with special: 'parse' to let it act as that token (id " +
      `${token.id}), or special: 'text' to take it as ordinary text.`,
  )

/** The `added_tokens` of a tokenizer.json. `vocabulary` is the model's. */
export function readAddedTokens(field: Field, vocabulary: Vocabulary): AddedToken[] {
  const ids = new Map<number, string>()
  const contents = new Set<string>()
  return field.list().map((item) => {
    const content = item.get('content').string()
    const id = item.get('id').integer(0, largestId)
    if (content === '') item.get('content').fail('a token that is not empty')
    if (contents.has(content)) item.get('content').fail('a token that is not in added_tokens twice')
    const owner = vocabulary.tokenOf(id) ?? ids.get(id)
    if (owner !== undefined && owner !== content) item.get('id').fail(`an id of its own; ${show(owner)} has this one`)
    const known = vocabulary.idOf(content)
    if (known !== undefined && known !== id) item.get('id').fail(`${known}, the id of ${show(content)} in model.vocab`)
    ids.set(id, content)
    contents.add(content)
    return {
      id,
      content,
      singleWord: item.get('single_word').boolean(false),
      lstrip: item.get('lstrip').boolean(false),
      rstrip: item.get('rstrip').boolean(false),
      normalized: item.get('normalized').boolean(!item.get('special').boolean()),
      special: item.get('special').boolean(),
    }
  })
}

export const addedTokenJson = (token: AddedToken): Json => ({
  id: token.id,
  content: token.content,
  single_word: token.singleWord,
  lstrip: token.lstrip,
  rstrip: token.rstrip,
  normalized: token.normalized,
  special: token.special,
})
