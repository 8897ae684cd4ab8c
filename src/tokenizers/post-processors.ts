/** The fourth stage: where a model's special tokens stand around one text or a pair, and which segment each token belongs to. */
import { type Field, type Json, largestId, readStage, type StageReader } from './field.ts'
import { mapRuns, noOverflow, type Part, type Run, type SpecialRun } from './parts.ts'

export type PostProcessor = {
  /** As in tokenizer.json; null where it has none. */
  readonly json: Json | null
  /** How many special tokens it puts in, of which truncation leaves room for. */
  added(pair: boolean): number
  /** The parts that are joined to the encoding: at first one for each text. */
  process(parts: readonly Part[], addSpecialTokens: boolean): readonly Part[]
  /** How many parts, special tokens included, it makes of so many; undefined if it cannot arrange that many. */
  partsFrom(count: number): number | undefined
}

/** A place in the finished encoding: the first or second text, or special tokens. */
export type LayoutItem =
  | { sequence: 0 | 1; typeId: number }
  /** `unlessPresent`: left out where the text before it ends in this token already (ByT5's end token). */
  | { tokens: readonly { id: number; token: string }[]; typeId: number; unlessPresent?: boolean }

type Layout = { readonly single: readonly LayoutItem[]; readonly pair: readonly LayoutItem[] }

const special = (token: { id: number; token: string }, typeId: number): SpecialRun => ({
  ...token,
  typeId,
  special: true,
})

const endsIn = (part: Part, id: number): boolean => {
  const last = part.runs.at(-1)
  return last !== undefined && 'tokens' in last && last.to > last.from && last.tokens.id(last.to - 1) === id
}

/** Special tokens as a part, made once for all texts. */
const placed = (item: LayoutItem) =>
  'sequence' in item
    ? item
    : { ...item, part: { runs: item.tokens.map((token) => special(token, item.typeId)), overflowing: noOverflow } }

/** Any arrangement, item by item. What overflows keeps the segments that it has, as with Hugging Face. */
export function arrangement(json: Json | null, layout: Layout): PostProcessor {
  const [single, pair] = [layout.single.map(placed), layout.pair.map(placed)]
  const itemsOf = (count: number) => (count === 2 ? pair : single)
  return {
    json,
    added: (pair) =>
      itemsOf(pair ? 2 : 1).reduce((sum, item) => sum + ('sequence' in item ? 0 : item.tokens.length), 0),
    partsFrom: (count) => (count === 1 || count === 2 ? itemsOf(count).length : undefined),
    process(parts, addSpecialTokens) {
      const out: Part[] = []
      for (const item of itemsOf(parts.length)) {
        if ('sequence' in item) {
          const { typeId } = item
          out.push(
            mapRuns(parts[item.sequence]!, (runs, main) => (main ? runs.map((run) => ({ ...run, typeId })) : runs)),
          )
        } else if (addSpecialTokens && !(item.unlessPresent && endsIn(out.at(-1)!, item.tokens[0]!.id)))
          out.push(item.part)
      }
      return out
    },
  }
}

/** Of a sequence of runs that begins an encoding: white space goes out of the offsets. */
const trimmed = (runs: readonly Run[], addPrefixSpace: boolean): readonly Run[] =>
  runs.map((run, i) => ('tokens' in run ? { ...run, trims: [...run.trims, { addPrefixSpace, first: i === 0 }] } : run))

/** Takes white space at the ends of tokens out of their offsets, except a space that was put before the text. */
function readTrim(field: Field): (parts: readonly Part[]) => readonly Part[] {
  if (!field.get('trim_offsets').boolean(true)) return (parts) => parts
  const addPrefixSpace = field.get('add_prefix_space').boolean(true)
  return (parts) => parts.map((part) => mapRuns(part, (runs) => trimmed(runs, addPrefixSpace)))
}

function readByteLevel(field: Field): PostProcessor {
  const trim = readTrim(field)
  return { json: field.object(), added: () => 0, process: (parts) => trim(parts), partsFrom: (count) => count }
}

function readToken(field: Field): { id: number; token: string } {
  const parts = field.list()
  if (parts.length !== 2) field.fail('a token and its id')
  return { token: parts[0]!.string(), id: parts[1]!.integer(0, largestId) }
}

/** What was in the parts counts as text from now on. */
const plain = (runs: readonly Run[]): readonly Run[] =>
  runs.map((run) => ('tokens' in run ? run : { ...run, special: false }))

/** `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`, in two segments (Devlin et al. 2019, §3). */
function readBert(field: Field): PostProcessor {
  const cls = readToken(field.get('cls'))
  const sep = readToken(field.get('sep'))
  return {
    json: field.object(),
    added: (pair) => (pair ? 3 : 2),
    partsFrom: (count) => count,
    process: (parts, addSpecialTokens) =>
      addSpecialTokens
        ? parts.map((part, i) =>
            mapRuns(part, (runs) =>
              i === 0 ? [special(cls, 0), ...plain(runs), special(sep, 0)] : [...plain(runs), special(sep, 1)],
            ),
          )
        : parts,
  }
}

/** `<s> A </s>` and `<s> A </s></s> B </s>`, one segment (Liu et al. 2019, §4.2 without the next-sentence task). */
function readRoberta(field: Field): PostProcessor {
  const cls = readToken(field.get('cls'))
  const sep = readToken(field.get('sep'))
  const trim = readTrim(field)
  const oneSegment = (runs: readonly Run[]) => runs.map((run) => ({ ...run, typeId: 0 }))
  return {
    json: field.object(),
    added: (pair) => (pair ? 4 : 2),
    partsFrom: (count) => count,
    process: (parts, addSpecialTokens) =>
      trim(parts).map((part, i) =>
        mapRuns(part, (runs, main) => {
          if (!addSpecialTokens) return main ? oneSegment(runs) : runs
          return [special(i === 0 ? cls : sep, 0), ...oneSegment(plain(runs)), special(sep, 0)]
        }),
      ),
  }
}

/** `{ "Sequence": { id, type_id } }` or `{ "SpecialToken": { id, type_id } }`; the latter name tokens of `special_tokens`. */
function readItem(item: Field, specialTokens: Field): LayoutItem {
  const sequence = item.get('Sequence')
  if (!sequence.missing) {
    const name = sequence.get('id').oneOf(['A', 'B'])
    return { sequence: name === 'A' ? 0 : 1, typeId: sequence.get('type_id').integer(0, largestId) }
  }
  const named = item.get('SpecialToken')
  const defined = specialTokens.get(named.get('id').string())
  if (defined.missing)
    named
      .get('id')
      .fail(`one of the special_tokens of this template: ${Object.keys(specialTokens.object()).join(', ')}`)
  const tokens = defined.get('tokens').list()
  const ids = defined.get('ids').list()
  if (tokens.length !== ids.length) defined.get('tokens').fail(`as many tokens as ids (${ids.length})`)
  return {
    tokens: ids.map((id, i) => ({ id: id.integer(0, largestId), token: tokens[i]!.string() })),
    typeId: named.get('type_id').integer(0, largestId),
  }
}

function readTemplate(field: Field): PostProcessor {
  const items = (name: string) =>
    field
      .get(name)
      .list()
      .map((item) => readItem(item, field.get('special_tokens')))
  const layout = { single: items('single'), pair: items('pair') }
  const has = (name: 'single' | 'pair', sequence: 0 | 1) =>
    layout[name].some((item) => 'sequence' in item && item.sequence === sequence)
  if (!has('single', 0) || has('single', 1)) field.get('single').fail('sequence A and no sequence B')
  if (!has('pair', 0) || !has('pair', 1)) field.get('pair').fail('sequences A and B')
  return arrangement(field.object(), layout)
}

/** One after the other, each on the parts that the one before has left. */
function readSequence(field: Field): PostProcessor {
  const stages = field.get('processors').list().map(readPostProcessor)
  const partsFrom = (count: number) =>
    stages.reduce<number | undefined>((parts, stage) => parts && stage.partsFrom(parts), count)
  if (partsFrom(1) === undefined || partsFrom(2) === undefined)
    field.get('processors').fail('no template after what makes more than two parts', 'TOKENIZER_UNSUPPORTED')
  return {
    json: field.object(),
    added: (pair) => stages.reduce((sum, stage) => sum + stage.added(pair), 0),
    partsFrom,
    process: (parts, addSpecialTokens) =>
      stages.reduce((soFar, stage) => stage.process(soFar, addSpecialTokens), parts),
  }
}

const readers: Record<string, StageReader<PostProcessor>> = {
  BertProcessing: readBert,
  ByteLevel: readByteLevel,
  RobertaProcessing: readRoberta,
  Sequence: readSequence,
  TemplateProcessing: readTemplate,
}

/** The `post_processor` of a tokenizer.json. */
export const readPostProcessor = (field: Field): PostProcessor => readStage(field, readers)
