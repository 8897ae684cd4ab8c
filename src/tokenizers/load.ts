/** Reads tokenizers: a model directory, a tokenizer.json, or the parsed contents of one. */
import { fileError, usageError } from '../base/errors.ts'
import { kindOf, path, readJson } from '../base/files.ts'
import { show } from '../base/json.ts'
import { resolveModel } from '../hub/resolve.ts'
import { readAddedTokens } from './added-tokens.ts'
import { byteTokenizer, mostSentinels } from './byte-level.ts'
import { readNamedTokens } from './config.ts'
import { readDecoder } from './decoders/index.ts'
import { Field, type Json } from './field.ts'
import { convertFiles, isVocabulary } from './formats/index.ts'
import { contentOf, readSettings, type Settings } from './formats/settings.ts'
import { readPadding, readTruncation } from './lengths.ts'
import { readModel } from './models/index.ts'
import { readNormalizer } from './normalizers/index.ts'
import { readPostProcessor } from './post-processors.ts'
import { readPreTokenizer } from './pre-tokenizers/index.ts'
import { Tokenizer } from './tokenizer.ts'

const topLevel = [
  'version',
  'truncation',
  'padding',
  'added_tokens',
  'normalizer',
  'pre_tokenizer',
  'post_processor',
  'decoder',
  'model',
]

/**
 * The parsed contents of a tokenizer.json, and of the tokenizer_config.json beside it if there is one → tokenizer. `file` is
 * named in errors. Errors: `TOKENIZER_FIELD`, `TOKENIZER_UNKNOWN_NAME`, `TOKENIZER_UNSUPPORTED`, `TOKENIZER_REGEX`.
 */
export function parseTokenizer(
  json: unknown,
  { file = 'tokenizer.json', config }: { file?: string; config?: Json | undefined } = {},
) {
  const root = new Field(file, json)
  for (const name of Object.keys(root.object()))
    if (!topLevel.includes(name)) root.get(name).fail(`only the fields ${topLevel.join(', ')}`)
  root.get('version').oneOf(['1.0'], '1.0')
  const optional = <T>(name: string, read: (field: Field) => T): T | undefined => {
    const field = root.get(name)
    return field.missing ? undefined : read(field)
  }
  if (root.get('model').missing) root.get('model').fail('a model, such as { "type": "BPE", … }')
  const model = readModel(root.get('model'))
  return new Tokenizer({
    model,
    normalizer: optional('normalizer', readNormalizer),
    preTokenizer: optional('pre_tokenizer', readPreTokenizer),
    postProcessor: optional('post_processor', readPostProcessor),
    decoder: optional('decoder', readDecoder),
    addedTokens: optional('added_tokens', (field) => readAddedTokens(field, model.vocabulary)),
    truncation: readTruncation(root.get('truncation')),
    padding: readPadding(root.get('padding')),
    named: config && readNamedTokens(new Field('tokenizer_config.json', config)),
    config,
  })
}

/** ByT5 counts its sentinels among the added tokens; its own field for their number may say 0. */
function countSentinels({ added, field }: Settings): number {
  const count = added.filter((token) => /^<extra_id_\d+>$/.test(contentOf(token) ?? '')).length
  return count > 0 ? count : field.get('extra_ids').integer(0, mostSentinels, 125)
}

/** Added tokens that tokenizer.json lacks and the settings beside it declare. */
function withAdded(json: unknown, added: readonly Field[]): unknown {
  if (added.length === 0 || typeof json !== 'object' || json === null) return json
  const own = (json as Json).added_tokens ?? []
  if (!Array.isArray(own)) return json
  const known = new Set(own.map((token) => token?.content))
  const lacking = added.filter((token) => !known.has(token.get('content').value))
  return lacking.length === 0 ? json : { ...json, added_tokens: [...own, ...lacking] }
}

/** The tokenizer in a directory, from the file `name` or the best there is; undefined if there is none. */
async function read(directory: string, name?: string): Promise<Tokenizer | undefined> {
  const settings = await readSettings(directory)
  const { config } = settings
  if (!name && config?.tokenizer_class === 'ByT5Tokenizer')
    return byteTokenizer({ extraIds: countSentinels(settings), config })
  const file = path().join(directory, name ?? 'tokenizer.json')
  if (name ? !isVocabulary(name) : await kindOf(file))
    return parseTokenizer(withAdded(await readJson(file, { map: ['model', 'vocab'] }), settings.added), {
      file,
      config,
    })
  const converted = await convertFiles(directory, settings, name)
  return converted && parseTokenizer(converted.json, converted)
}

/**
 * The tokenizer in a model directory, or undefined if there is none: tokenizer.json; or a vocabulary with or without merges, of
 * SentencePiece or of tiktoken, with the settings beside it; or ByT5's, whose tokenizer_config.json says it all. Errors: those of
 * `parseTokenizer` and of reading files.
 */
export const findTokenizer = (directory: string): Promise<Tokenizer | undefined> => read(directory)

/**
 * The tokenizer of a model directory (see `findTokenizer`), of a downloaded model's name, or of one file: a tokenizer.json, vocab.json
 * beside merges.txt, vocab.txt, a `.model` of SentencePiece, a `.tiktoken`. Errors: those of `parseTokenizer` and of reading files, and
 * `TOKENIZER_MISSING`.
 */
export async function loadTokenizer(model: string): Promise<Tokenizer> {
  if (typeof model !== 'string' || model === '')
    throw usageError('BAD_MODEL', `The tokenizer to load is ${show(model)}.\nExpected a directory, a file or a name.`)
  const source = await resolveModel(model)
  const isDirectory = (await kindOf(source)) === 'directory'
  const tokenizer = isDirectory ? await read(source) : await read(path().dirname(source), path().basename(source))
  if (tokenizer) return tokenizer
  throw fileError(
    'TOKENIZER_MISSING',
    `${source}: ${isDirectory ? 'has no tokenizer' : 'is no tokenizer'}.\nExpected tokenizer.json, vocab.json with merges.txt, vocab.txt, or a file that ends in .model or .tiktoken.`,
  )
}
