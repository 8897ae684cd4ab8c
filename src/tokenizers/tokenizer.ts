/** Text ↔ ids: normalize → pre-tokenize → model → post-process, and decode. Every tokenizer is this class with other stages. */
import { failure, usageError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import { RandomStream } from '../base/random.ts'
import {
  type AddedToken,
  AddedTokens,
  addedTokenJson,
  type Segment,
  type SpecialHandling,
  specialToken,
} from './added-tokens.ts'
import type { NamedTokens } from './config.ts'
import { bytesAdded, type Decoder, spacedDecoder } from './decoders/index.ts'
import { checkBatch, checkDecoding, checkOptions, checkSpecial, checkText } from './encode-checks.ts'
import { Encoding } from './encoding.ts'
import type { Json } from './field.ts'
import { type Padding, pad, paddingJson, type Stretches, type Truncation, truncate, truncationJson } from './lengths.ts'
import type { Model } from './models/index.ts'
import { literalModel } from './models/literal.ts'
import { PieceCache } from './models/piece-cache.ts'
import type { Sampling } from './models/sampling.ts'
import type { Normalizer } from './normalizers/index.ts'
import { joinAll, textPart } from './parts.ts'
import type { PostProcessor } from './post-processors.ts'
import { type PreTokenizer, piecesOf } from './pre-tokenizers/index.ts'
import { saveTokenizer } from './save.ts'
import { type Aligned, originalEnd, originalStart } from './text/aligned.ts'
import { wellFormed } from './text/unicode.ts'
import { pushFound, TextPieces } from './text-pieces.ts'
import { type TokenList, TokenWriter } from './token-list.ts'

/** What settings say; a field that is undefined says nothing. */
const stated = <T extends object>(settings: T): T =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as T

/** The stages of a tokenizer. Only the model is necessary. */
export type Stages = {
  model: Model
  normalizer?: Normalizer
  preTokenizer?: PreTokenizer
  postProcessor?: PostProcessor
  decoder?: Decoder
  addedTokens?: readonly AddedToken[]
  truncation?: Truncation
  padding?: Padding
  /** Tokens with a role; those that the vocabulary has are special. */
  named?: NamedTokens
  /** Further fields of tokenizer_config.json. */
  config?: Json
}

export type EncodeOptions = {
  /** A second text. Its offsets count from its own beginning. */
  pair?: string
  /** Special tokens in the text: refused ('error', the default), taken as such ('parse'), or taken as ordinary text ('text'). */
  special?: SpecialHandling
  /** Whether the model's special tokens are put around the text. Default true. */
  addSpecialTokens?: boolean
  /** A number is a `maxLength`; false switches off what the tokenizer's file asks for. */
  truncation?: Truncation | number | false
  /** True pads to the longest of the batch; what is left out is the tokenizer's own. */
  padding?: Partial<Padding> | boolean
  /**
   * Subword regularization: the text is written in one of its many ways, drawn at random by a seed (Unigram: Kudo 2018; byte pair
   * encoding: Provilkov et al. 2020). Without it encoding is the same every time, whatever dropout the tokenizer's file names.
   */
  sampling?: Sampling
}

const noOptions: EncodeOptions = {}

/** One way to write a text in tokens. `score` is the logarithm of its probability, but for a constant of the text. */
export type ScoredTokens = { score: number; ids: number[]; tokens: string[]; offsets: [number, number][] }

export type DecodeOptions = { skipSpecialTokens?: boolean }

/** Decoding as ids arrive. The texts together are what `decode` gives for all the ids. */
export type DecodeStream = {
  /** The text that an id completes: possibly none, never half a character. */
  push(id: number): string
  /** What was held back, at the end. */
  flush(): string
}

export class Tokenizer {
  readonly stages: Stages
  readonly named: NamedTokens
  readonly #added: AddedTokens
  /** What pieces become: of text that may spell special tokens, and of text that is to stay text. */
  readonly #spelling: PieceCache
  #literal: PieceCache | undefined
  readonly #writer = new TokenWriter()
  readonly #decoder: Decoder
  constructor(stages: Stages) {
    this.stages = stages
    this.named = stages.named ?? {}
    const { model } = stages
    const added = new Map((stages.addedTokens ?? []).map((token) => [token.content, token]))
    for (const content of Object.values(this.named)) {
      const known = added.get(content)
      const id = known?.id ?? model.vocabulary.idOf(content)
      if (id !== undefined && !known?.special)
        added.set(content, { ...specialToken(content, id), ...known, special: true })
    }
    this.#added = new AddedTokens([...added.values()], stages.normalizer)
    this.#spelling = new PieceCache(model, stages.preTokenizer?.spelling)
    this.#decoder = stages.decoder ?? spacedDecoder
  }

  /** One more than the largest id: the rows an embedding needs. */
  get vocabSize(): number {
    return this.#added.list.reduce((size, token) => Math.max(size, token.id + 1), this.stages.model.vocabulary.size)
  }

  /** The added tokens, special ones among them, by id. */
  get addedTokens(): readonly AddedToken[] {
    return this.#added.list
  }

  /** The id of a token as it is spelled in the vocabulary; undefined if it is not there. */
  idOf(token: string): number | undefined {
    return this.#added.byContent.get(token)?.id ?? this.stages.model.vocabulary.idOf(token)
  }

  /** The token of an id as it is spelled in the vocabulary; undefined if there is none. */
  tokenOf(id: number): string | undefined {
    return this.#added.spellingOf(id) ?? this.stages.model.vocabulary.tokenOf(id)
  }

  /** The bytes that a token adds to a text that has begun, maybe a part of a character; undefined for special tokens and unknown ids. */
  bytesOf(id: number): Uint8Array | undefined {
    const token = this.tokenOf(id)
    return token === undefined || this.isSpecial(id) ? undefined : bytesAdded(this.#decoder, token)
  }

  isSpecial(id: number): boolean {
    return this.#added.byId.get(id)?.special ?? false
  }

  /**
   * Text → tokens. Lone surrogates are encoded as U+FFFD. Errors: `SPECIAL_TOKEN_IN_TEXT`, `BAD_TRUNCATION`, `BAD_PADDING`,
   * `UNKNOWN_PIECE` (a vocabulary without an unknown token), `BAD_SAMPLING`, `BAD_TEXT`, `BAD_OPTION`.
   */
  encode(text: string, options: EncodeOptions = noOptions): Encoding {
    if (options !== noOptions) checkOptions(options)
    const encoding = this.#encodeOne(text, options.pair, options)
    return pad([encoding], this.#padding(options.padding))[0]!
  }

  /** Several texts or pairs, padded to each other if padding is asked for. */
  encodeBatch(
    texts: readonly (string | readonly [string, string])[],
    options: Omit<EncodeOptions, 'pair'> = noOptions,
  ): readonly Encoding[] {
    checkBatch(texts, options)
    const encodings = texts.map((text) =>
      Array.isArray(text)
        ? this.#encodeOne(text[0], text[1], options)
        : this.#encodeOne(text as string, undefined, options),
    )
    return pad(encodings, this.#padding(options.padding))
  }

  #encodeOne(text: string, pair: string | undefined, options: EncodeOptions): Encoding {
    const tokens = [this.#tokens(text, options, 0)]
    if (pair !== undefined) tokens.push(this.#tokens(pair, options, 1))
    return this.#arrange(tokens, options)
  }

  /** The tokens of one text or two, cut to length, with the special tokens around them. */
  #arrange(
    tokens: readonly TokenList[],
    { addSpecialTokens = true, truncation = this.stages.truncation }: EncodeOptions,
  ): Encoding {
    const { postProcessor } = this.stages
    let cuts: readonly Stretches[] | undefined
    if (truncation !== undefined && truncation !== false) {
      const settings = typeof truncation === 'number' ? { maxLength: truncation } : truncation
      const counts = tokens.map(({ length }) => length)
      cuts = truncate(counts, settings, (addSpecialTokens && postProcessor?.added(tokens.length === 2)) || 0)
    }
    const parts = tokens.map((list, i) => textPart(list, cuts?.[i], i === 0 ? 0 : 1))
    const arranged = postProcessor?.process(parts, addSpecialTokens) ?? parts
    return new Encoding(joinAll(arranged), this.#label)
  }

  /** A token as it is spelled in the vocabulary. Matched text that is spelled otherwise is kept beside its id. */
  readonly #label = (id: number): string =>
    this.#added.byId.get(id)?.content ?? this.stages.model.vocabulary.tokenOf(id) ?? ''

  /** What pieces become. But for handling 'parse', no special token comes of text that spells one, as it may in the model's vocabulary. */
  #pieceCache(special: SpecialHandling): PieceCache {
    if (special === 'parse') return this.#spelling
    if (!this.#literal) {
      const { model, preTokenizer } = this.stages
      const ids = this.#added.list.flatMap((token) => (token.special ? [token.id] : []))
      const literal = literalModel(model, ids)
      this.#literal = literal === model ? this.#spelling : new PieceCache(literal, preTokenizer?.spelling)
    }
    return this.#literal
  }

  /** The first stages alone: a text as added tokens and the pieces that the model reads. Errors: `SPECIAL_TOKEN_IN_TEXT`. */
  pieces(text: string, options: Pick<EncodeOptions, 'special'> = {}): TextPieces {
    checkSpecial(text, options)
    const { special = 'error' } = options
    const clean = wellFormed(text)
    const { model } = this.#pieceCache(special)
    return new TextPieces(clean, this.#segments(clean, special), this.stages.preTokenizer, model)
  }

  #segments(text: string, special: SpecialHandling): Iterable<Segment> {
    return this.#added.segments({ text, origin: 0 }, special)
  }

  /**
   * The tokens of one text: added tokens as they are found, the rest cut into pieces and looked up. `site` keeps the texts of a pair
   * apart where tokens are drawn at random.
   */
  #tokens(text: string, { special = 'error', sampling }: EncodeOptions, site: number): TokenList {
    checkText(text)
    if (sampling) return this.#sampled(text, special, sampling, site)
    const clean = wellFormed(text)
    const cache = this.#pieceCache(special)
    const out = this.#writer
    out.begin()
    for (const segment of this.#segments(clean, special))
      if (segment.token) pushFound(segment as Required<Segment>, out)
      else this.#look(segment.text, cache, out)
    return out.finish(clean)
  }

  /** Looks up the pieces of a text. */
  #look(text: Aligned, cache: PieceCache, out: TokenWriter): void {
    const pieces = piecesOf(text, this.stages.preTokenizer)
    const { data, length } = pieces.bounds
    const { joined } = cache.model
    const before = out.length
    for (let i = 0; i < length; i += 2) this.#piece(pieces.text, data[i]!, data[i + 1]!, cache, out)
    if (joined !== undefined) out.join(joined, before)
  }

  #piece(aligned: Aligned, from: number, end: number, cache: PieceCache, out: TokenWriter): void {
    const { labeledByText } = cache.model
    const first = cache.find(aligned.text, from, end)
    const { data, to } = cache
    let texts: string[] | undefined
    for (let k = first; k < to; k += 3) {
      const id = data[k]!
      if (id === labeledByText) {
        texts ??= cache.texts(aligned.text.slice(from, end))
        out.label(texts[(k - first) / 3]!)
      }
      out.push(id, originalStart(aligned, from + data[k + 1]!), originalEnd(aligned, from + data[k + 2]!))
    }
  }

  /** The tokens of a text drawn at random; `site` keeps the texts of a pair apart. */
  #sampled(text: string, special: SpecialHandling, sampling: Sampling, site: number): TokenList {
    const pieces = this.pieces(text, { special })
    const { model } = pieces
    if (!model.sample)
      throw usageError(
        'BAD_SAMPLING',
        'This tokenizer has one way to write a text, so there is nothing to sample.\nExpected a tokenizer of byte pair encoding or Unigram.',
      )
    const random = new RandomStream({ seed: sampling.seed, purpose: 'subwords', site })
    const found = model.sample(pieces.spelled, sampling, () => random.uniform())
    return pieces.tokens(found)
  }

  /**
   * The n best ways to write a text, best first, without special tokens around them; fewer if there are fewer. Of equal scores
   * that comes first whose last token is longest. Errors: those of `encode`, `BAD_N_BEST`, `TOO_MANY_PATHS`.
   */
  nBest(text: string, n: number, options: Pick<EncodeOptions, 'special'> = {}): ScoredTokens[] {
    const pieces = this.pieces(text, options)
    const { model } = pieces
    if (!model.nBest)
      throw usageError('BAD_N_BEST', 'This tokenizer does not score ways to write a text.\nExpected one of Unigram.')
    if (!Number.isSafeInteger(n) || n < 1)
      throw usageError('BAD_N_BEST', `The number of ways to write a text is ${show(n)}.\nExpected an integer from 1.`)
    return model.nBest(pieces.spelled, n).map(({ tokens, score }) => {
      const found = pieces.tokens(tokens)
      const { ids, tokens: spelled, offsets } = this.#arrange([found], { addSpecialTokens: false, truncation: false })
      return { score, ids, tokens: spelled, offsets }
    })
  }

  #padding(padding: EncodeOptions['padding']): Padding | undefined {
    const own = this.stages.padding
    if (padding === false || (padding === undefined && !own)) return undefined
    const asked = typeof padding === 'object' ? stated(padding) : {}
    const token = asked.token ?? own?.token ?? this.named.pad
    // A file's padding says which id its token has, whatever the vocabulary says.
    const known = asked.token === undefined ? own?.id : undefined
    const id = asked.id ?? known ?? (token === undefined ? undefined : this.idOf(token))
    if (id === undefined)
      throw usageError(
        'BAD_PADDING',
        'Padding needs a padding token, and this tokenizer names none.\nGive one: padding: { id, token }.',
      )
    const left = this.stages.config?.padding_side === 'left' && { direction: 'left' as const }
    return { ...own, ...left, ...asked, id, token: token ?? this.#label(id) }
  }

  /** Ids → text. Errors: `UNKNOWN_TOKEN_ID` for ids that no token has. */
  decode(ids: Iterable<number>, options: DecodeOptions = {}): string {
    if (typeof ids !== 'object' || ids === null || !(Symbol.iterator in ids))
      throw usageError('BAD_IDS', `The ids to decode are ${show(ids)}.\nExpected a list of integers.`)
    const stream = this.stream(options)
    const parts: string[] = []
    for (const id of ids) parts.push(stream.push(id))
    parts.push(stream.flush())
    return parts.join('')
  }

  /** Decoding id by id, for text that is shown while it is generated. Errors of `push`: `UNKNOWN_TOKEN_ID`. */
  stream(options: DecodeOptions = {}): DecodeStream {
    checkDecoding(options)
    const { skipSpecialTokens = false } = options
    let ready = ''
    const add = (text: string) => {
      ready += text
    }
    const decoding = this.#decoder.start({ token: add, text: add, close() {}, end() {} })
    const take = () => {
      const text = ready
      ready = ''
      return text
    }
    return {
      push: (id) => {
        const token = this.tokenOf(id)
        if (token === undefined)
          throw failure(
            'UNKNOWN_TOKEN_ID',
            `No token has the id ${show(id)}.\nExpected an integer from 0 to ${this.vocabSize - 1} that the vocabulary has.`,
          )
        // By its text, as Hugging Face does: a special token that normalization changes is text.
        if (!(skipSpecialTokens && this.#added.byContent.get(token)?.special)) decoding.token(token)
        return take()
      },
      flush: () => {
        decoding.end()
        return take()
      },
    }
  }

  /** As tokenizer.json. */
  toJSON(): Json {
    const { truncation, padding, normalizer, preTokenizer, postProcessor, decoder, model } = this.stages
    return {
      version: '1.0',
      truncation: truncation ? truncationJson(truncation) : null,
      padding: padding ? paddingJson(padding) : null,
      added_tokens: this.#added.list.map(addedTokenJson),
      normalizer: normalizer?.json ?? null,
      pre_tokenizer: preTokenizer?.json ?? null,
      post_processor: postProcessor?.json ?? null,
      decoder: decoder?.json ?? null,
      model: model.json(),
    }
  }

  /** Writes tokenizer.json and tokenizer_config.json into a directory, which is made if it is not there. */
  save(directory: string): Promise<void> {
    return saveTokenizer(this, directory)
  }
}
