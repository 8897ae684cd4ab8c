/** The fourth stage: where a model's special tokens stand around one text or a pair, and which segment each token belongs to. */
import { type Field, type Json, largestId, readStage, type StageReader } from './field.ts'

/** A place in the finished encoding: the tokens of the first or second text, or one special token. */
export type LayoutItem =
  | { sequence: 0 | 1; typeId: number }
  /** `unlessPresent`: left out where the text before it ends in this token already (ByT5's end token). */
  | { id: number; token: string; typeId: number; unlessPresent?: boolean }

export type Layout = { readonly single: readonly LayoutItem[]; readonly pair: readonly LayoutItem[] }

export type PostProcessor = {
  /** As in tokenizer.json; null where it has none. */
  readonly json: Json | null
  readonly layout?: Layout
  /** Takes white space at the ends of tokens out of their offsets, except a space that was put before the text. */
  readonly trimOffsets?: { readonly addPrefixSpace: boolean }
}

/** Without a post-processor: the texts, as segments 0 and 1. */
export const plainLayout: Layout = {
  single: [{ sequence: 0, typeId: 0 }],
  pair: [
    { sequence: 0, typeId: 0 },
    { sequence: 1, typeId: 1 },
  ],
}

const readTrim = (field: Field): PostProcessor['trimOffsets'] =>
  field.get('trim_offsets').boolean(true) ? { addPrefixSpace: field.get('add_prefix_space').boolean(true) } : undefined

const readByteLevel = (field: Field): PostProcessor => ({ json: field.object(), trimOffsets: readTrim(field) })

/** `<s> A </s>` and `<s> A </s></s> B </s>`, one segment (Liu et al. 2019, §4.2 without the next-sentence task). */
function readRoberta(field: Field): PostProcessor {
  const special = (name: string): LayoutItem => {
    const parts = field.get(name).list()
    if (parts.length !== 2) field.get(name).fail('a token and its id')
    return { token: parts[0]!.string(), id: parts[1]!.integer(0, largestId), typeId: 0 }
  }
  const cls = special('cls')
  const sep = special('sep')
  const single: LayoutItem[] = [cls, { sequence: 0, typeId: 0 }, sep]
  return {
    json: field.object(),
    layout: { single, pair: [...single, sep, { sequence: 1, typeId: 0 }, sep] },
    trimOffsets: readTrim(field),
  }
}

/** Any arrangement, item by item. */
function readTemplate(field: Field): PostProcessor {
  const special = field.get('special_tokens')
  const item = (piece: Field): LayoutItem[] => {
    const sequence = piece.get('Sequence')
    if (!sequence.missing) {
      const name = sequence.get('id').oneOf(['A', 'B'])
      return [{ sequence: name === 'A' ? 0 : 1, typeId: sequence.get('type_id').integer(0, largestId) }]
    }
    const named = piece.get('SpecialToken')
    const name = named.get('id').string()
    const typeId = named.get('type_id').integer(0, largestId)
    const defined = special.get(name)
    if (defined.missing)
      named.get('id').fail(`one of the special_tokens of this template: ${Object.keys(special.object()).join(', ')}`)
    const tokens = defined.get('tokens').list()
    const ids = defined.get('ids').list()
    if (tokens.length !== ids.length) defined.get('tokens').fail(`as many tokens as ids (${ids.length})`)
    return ids.map((id, i) => ({ id: id.integer(0, largestId), token: tokens[i]!.string(), typeId }))
  }
  const items = (name: string, needed: readonly number[]): LayoutItem[] => {
    const read = field.get(name).list().flatMap(item)
    const found = read.flatMap((each) => ('sequence' in each ? [each.sequence] : [])).sort()
    if (found.join() !== needed.join())
      field.get(name).fail(needed.length === 1 ? 'sequence A once and no B' : 'sequences A and B once each')
    return read
  }
  return { json: field.object(), layout: { single: items('single', [0]), pair: items('pair', [0, 1]) } }
}

/** Several, of which at most one arranges. */
function readSequence(field: Field): PostProcessor {
  const stages = field.get('processors').list()
  const read = stages.map(readPostProcessor)
  const layouts = read.filter((stage) => stage.layout)
  if (layouts.length > 1)
    field.get('processors').fail('at most one processor that adds tokens', 'TOKENIZER_UNSUPPORTED')
  return {
    json: field.object(),
    layout: layouts[0]?.layout,
    trimOffsets: read.find((stage) => stage.trimOffsets)?.trimOffsets,
  }
}

const readers: Record<string, StageReader<PostProcessor>> = {
  ByteLevel: readByteLevel,
  RobertaProcessing: readRoberta,
  TemplateProcessing: readTemplate,
  Sequence: readSequence,
}

/** The `post_processor` of a tokenizer.json. */
export const readPostProcessor = (field: Field): PostProcessor => readStage(field, readers)
