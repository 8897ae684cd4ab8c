/** Unigram as tokenizer.json has it. */
import type { Field } from '../field.ts'
import type { Model } from './index.ts'
import { unigram } from './unigram.ts'

/** A piece as `["token", score]`. There are many: a field is made only for one that is wrong. */
function readPiece(value: unknown, fieldOf: () => Field): [string, number] {
  const isPiece =
    Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && typeof value[1] === 'number'
  return isPiece ? (value as [string, number]) : fieldOf().fail('a token and its score, as ["a", -1.5]')
}

export function readUnigram(field: Field): Model {
  const list = field.get('vocab')
  const pieces = list.values().map((piece, i) => readPiece(piece, () => list.at(i)))
  const unknown = field.get('unk_id')
  if (!unknown.missing && pieces.length === 0) unknown.fail('null, as there are no pieces')
  const hidden = field.get('hidden_ids')
  return unigram({
    hidden: hidden.missing ? [] : hidden.list().map((id) => id.integer(0, pieces.length - 1)),
    pieces,
    unknownId: unknown.missing ? undefined : unknown.integer(0, pieces.length - 1),
    byteFallback: field.get('byte_fallback').boolean(false),
    singlePrecision: field.get('single_precision').boolean(false),
    file: field.file,
  })
}
