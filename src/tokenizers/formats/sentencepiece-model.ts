/** SentencePiece's model files (Kudo & Richardson 2018): the message `ModelProto`, read field by field. */
import { fileError } from '../../base/errors.ts'
import { float32, type WireField, wireFields } from './protobuf.ts'

/** What a piece is for; the numbers are the file's. */
export const pieceTypes = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const
export type PieceType = (typeof pieceTypes)[keyof typeof pieceTypes]

export type Piece = { readonly piece: string; readonly score: number; readonly type: PieceType }

export type SentencePieceModel = {
  readonly pieces: readonly Piece[]
  readonly algorithm: 'unigram' | 'bpe' | 'word' | 'char'
  readonly byteFallback: boolean
  /** Spaces stand at the ends of words rather than before them. */
  readonly spacesAtEnd: boolean
  readonly unknownPiece: string
  /** What decoded text shows for it. */
  readonly unknownSurface: string
  /** The ids of begin, end and padding; −1 for none. */
  readonly bosId: number
  readonly eosId: number
  readonly padId: number
  /** The compiled map of the normalizer; empty for none. */
  readonly charsmap: Uint8Array
  readonly addDummyPrefix: boolean
  readonly removeExtraWhitespaces: boolean
  readonly escapeWhitespaces: boolean
}

type Value = WireField['value']
type Fields = ReadonlyMap<number, Value>

const algorithms = { 1: 'unigram', 2: 'bpe', 3: 'word', 4: 'char' } as const

/** The bytes of a `.model` file. Errors: `TOKENIZER_FIELD`; `file` is named. */
export function readSentencePieceModel(bytes: Uint8Array, file: string): SentencePieceModel {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const fail = (what: string, expected: string): never => {
    throw fileError('TOKENIZER_FIELD', `${file}: ${what}.\nExpected ${expected}.`)
  }
  const text = (value: Value): string => {
    try {
      if (typeof value !== 'number') return decoder.decode(value)
    } catch {}
    return fail('a text in it is no UTF-8', 'a SentencePiece model')
  }
  const message = (value: Value | undefined): Fields =>
    value === undefined
      ? new Map()
      : typeof value === 'number'
        ? fail('a number stands where a message should', 'a SentencePiece model')
        : new Map([...wireFields(value, file)].map((field) => [field.number, field.value]))
  const piece = (value: Value, index: number): Piece => {
    const fields = message(value)
    const score = fields.has(2) ? float32(fields.get(2)!) : 0
    const type = fields.get(3) ?? pieceTypes.normal
    if (!Number.isFinite(score)) fail(`the score of piece ${index} is ${score}`, 'a number')
    if (!Object.values<unknown>(pieceTypes).includes(type)) fail(`the type of piece ${index} is ${type}`, '1 to 6')
    return { piece: fields.has(1) ? text(fields.get(1)!) : '', score, type: type as PieceType }
  }
  const pieces: Piece[] = []
  const top = new Map<number, Value>()
  for (const { number, value } of wireFields(bytes, file))
    if (number === 1) pieces.push(piece(value, pieces.length))
    else top.set(number, value)
  if (pieces.length === 0) fail('it has no pieces', 'a SentencePiece model')
  const trainer = message(top.get(2))
  const normalizer = message(top.get(3))
  const flag = (fields: Fields, number: number, fallback: boolean) =>
    fields.has(number) ? fields.get(number) !== 0 : fallback
  /** Negative numbers are written as those of 64 bits. */
  const id = (number: number, fallback: number) => {
    const value = (trainer.get(number) ?? fallback) as number
    return value < 2 ** 31 ? value : -1
  }
  const algorithm = algorithms[(trainer.get(3) ?? 1) as keyof typeof algorithms]
  const charsmap = normalizer.get(2)
  return {
    pieces,
    algorithm: algorithm ?? fail(`its model type is ${trainer.get(3)}`, '1 (unigram), 2 (bpe), 3 (word) or 4 (char)'),
    byteFallback: flag(trainer, 35, false),
    spacesAtEnd: flag(trainer, 24, false),
    unknownPiece:
      pieces.find(({ type }) => type === pieceTypes.unknown)?.piece ?? fail('it has no unknown piece', 'one'),
    unknownSurface: trainer.has(44) ? text(trainer.get(44)!) : ' \u2047 ',
    bosId: id(41, 1),
    eosId: id(42, 2),
    padId: id(43, -1),
    charsmap: charsmap instanceof Uint8Array ? charsmap : new Uint8Array(),
    addDummyPrefix: flag(normalizer, 3, true),
    removeExtraWhitespaces: flag(normalizer, 4, true),
    escapeWhitespaces: flag(normalizer, 5, true),
  }
}
