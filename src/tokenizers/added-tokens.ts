/** Tokens that are found in the text before anything else touches it: special tokens and words added to a vocabulary. */
import { usageError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import { type Field, type Json, largestId } from './field.ts'
import type { Vocabulary } from './models/vocabulary.ts'
import type { Normalizer } from './normalizers/index.ts'
import { type Aligned, sliceAligned, tooLarge, unitsAllowed } from './text/aligned.ts'
import { flagsAt, WHITE_SPACE, WORD } from './text/character-flags.ts'
import { characterBefore } from './text/unicode.ts'
import { TokenFinder } from './token-finder.ts'

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

const isSpaceAt = (text: string, index: number) => index < text.length && (flagsAt(text, index) & WHITE_SPACE) !== 0

/** Whether a word character stands at `index`, or ends there. */
const wordAt = (text: string, index: number) => index < text.length && (flagsAt(text, index) & WORD) !== 0
const wordBefore = (text: string, index: number) => index > 0 && wordAt(text, characterBefore(text, index))

export class AddedTokens {
  readonly list: readonly AddedToken[]
  readonly byId: ReadonlyMap<number, AddedToken>
  readonly byContent: ReadonlyMap<string, AddedToken>
  readonly #normalizer: Normalizer | undefined
  /** For the tokens that are looked for in the text as it is, and for those in the normalized text. */
  readonly #raw = new TokenFinder()
  readonly #normalized = new TokenFinder()
  /** Normalized contents by id, where they are not the contents. */
  readonly #spellings = new Map<number, string>()
  constructor(list: readonly AddedToken[], normalizer: Normalizer | undefined) {
    this.list = list.toSorted((a, b) => a.id - b.id)
    this.byId = new Map(list.map((token) => [token.id, token]))
    this.byContent = new Map(list.map((token) => [token.content, token]))
    this.#normalizer = normalizer
    const normalized = this.#normalizing(list.reduce((sum, { content }) => sum + content.length, 0))
    for (const token of list) {
      if (!token.normalized) {
        this.#raw.add(token.content, token)
        continue
      }
      const { text } = normalized({ text: token.content, origin: 0 })
      this.#normalized.add(text, token)
      if (text !== token.content) this.#spellings.set(token.id, text)
    }
  }

  /** An id's token as it stands in encoded and decoded text: in its normalized form if it is looked for in that. */
  spellingOf(id: number): string | undefined {
    return this.#spellings.get(id) ?? this.byId.get(id)?.content
  }

  /** Normalizes the parts of so many units of text. What it makes is bounded in sum too, for the parts may be as many. */
  #normalizing(units: number): (part: Aligned) => Aligned {
    const most = unitsAllowed(units)
    let made = 0
    return (part) => {
      const normalized = this.#normalizer ? this.#normalizer.normalize(part) : part
      made += normalized.text.length
      if (made > most) throw tooLarge(units)
      return normalized
    }
  }

  /**
   * A text as added tokens and normalized stretches between them. A token that takes the white space after it may be followed by
   * tokens found within that. Errors: `SPECIAL_TOKEN_IN_TEXT`, with handling 'error' and a special token in the text;
   * `TEXT_TOO_LARGE`, if the normalizer multiplies it.
   */
  segments(text: Aligned, special: SpecialHandling): Iterable<Segment> {
    if (text.text === '') return []
    if (this.#raw.find(text.text, 0)) return this.#segments(text, special)
    // As most texts are: no token to look at, no part to cut out.
    const whole = this.#normalizing(text.text.length)(text)
    if (this.#normalized.find(whole.text, 0)) return this.#find(whole, this.#normalized, special)
    return whole.text === '' ? [] : [{ text: whole }]
  }

  *#segments(text: Aligned, special: SpecialHandling): Generator<Segment> {
    const normalized = this.#normalizing(text.text.length)
    for (const segment of this.#find(text, this.#raw, special))
      if (segment.token) yield segment
      else yield* this.#find(normalized(segment.text), this.#normalized, special)
  }

  *#find(aligned: Aligned, finder: TokenFinder, special: SpecialHandling): Generator<Segment> {
    const { text } = aligned
    let done = 0
    // The white space that was last walked over to the right, so that none is walked over twice.
    let space = { from: 0, to: 0 }
    for (let at = 0; finder.find(text, at); ) {
      const { token } = finder
      let from = finder.start
      let to = finder.end
      at = to
      if (token.special && special === 'text') continue
      if (token.singleWord && (wordBefore(text, from) || wordAt(text, to))) continue
      if (token.special && special === 'error') throw refuse(token, aligned, from)
      if (token.lstrip) {
        while (from > done && isSpaceAt(text, from - 1)) from--
        from = Math.max(from, done)
        // All of it went with the token before.
        if (from >= to) continue
      }
      if (token.rstrip) {
        if (to < space.from || to > space.to) {
          let end = to
          while (isSpaceAt(text, end)) end++
          space = { from: to, to: end }
        }
        to = space.to
      }
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

/** The `added_tokens` of a tokenizer.json. `vocabulary` is the model's. An empty one is left out, as it is by Hugging Face. */
export function readAddedTokens(field: Field, vocabulary: Vocabulary): AddedToken[] {
  const ids = new Map<number, string>()
  const contents = new Set<string>()
  const tokens: AddedToken[] = []
  for (const item of field.list()) {
    const content = item.get('content').string()
    const id = item.get('id').integer(0, largestId)
    if (content === '') continue
    if (contents.has(content)) item.get('content').fail('a token that is not in added_tokens twice')
    const owner = vocabulary.tokenOf(id) ?? ids.get(id)
    if (owner !== undefined && owner !== content) item.get('id').fail(`an id of its own; ${show(owner)} has this one`)
    const known = vocabulary.idOf(content)
    if (known !== undefined && known !== id) item.get('id').fail(`${known}, the id of ${show(content)} in model.vocab`)
    ids.set(id, content)
    contents.add(content)
    tokens.push({
      id,
      content,
      singleWord: item.get('single_word').boolean(false),
      lstrip: item.get('lstrip').boolean(false),
      rstrip: item.get('rstrip').boolean(false),
      normalized: item.get('normalized').boolean(!item.get('special').boolean()),
      special: item.get('special').boolean(),
    })
  }
  return tokens
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
