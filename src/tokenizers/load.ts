/** Reads tokenizers: a model directory, a tokenizer.json, or the parsed contents of one. */
import { fileError } from '../base/errors.ts'
import { kindOf, path, readJson, readText } from '../base/files.ts'
import { resolveModel } from '../hub/resolve.ts'
import { readAddedTokens } from './added-tokens.ts'
import { bytelevelBpe, byteTokenizer } from './byte-level.ts'
import { readNamedTokens } from './config.ts'
import { readDecoder } from './decoders/index.ts'
import { Field, type Json } from './field.ts'
import { readPadding, readTruncation } from './lengths.ts'
import { readModel } from './models/index.ts'
import { readMergeLines } from './models/read-bpe.ts'
import { readVocabulary } from './models/vocabulary.ts'
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
  { file = 'tokenizer.json', config }: { file?: string; config?: Json } = {},
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

/** tokenizer_config.json, with the chat template that may lie in a file of its own, which counts before one within. */
async function readConfig(directory: string): Promise<Json | undefined> {
  const [file, template] = ['tokenizer_config.json', 'chat_template.jinja'].map((name) => path().join(directory, name))
  const config = (await kindOf(file!)) === 'file' ? new Field(file!, await readJson(file!)).object() : undefined
  if ((await kindOf(template!)) !== 'file') return config
  return { ...config, chat_template: await readText(template!) }
}

/** ByT5 counts its sentinels among the added tokens; its own field for their number may say 0. */
function countSentinels(config: Json): number {
  const added = config.added_tokens_decoder
  const contents = typeof added === 'object' && added !== null ? Object.values(added) : []
  const count = contents.filter((token) =>
    /^<extra_id_\d+>$/.test((token as { content?: string })?.content ?? ''),
  ).length
  return count > 0 ? count : typeof config.extra_ids === 'number' ? config.extra_ids : 125
}

/** Vocabulary and merges in files of their own: as Hugging Face names them, and as GPT-2 was published. */
const olderFiles = [
  ['vocab.json', 'merges.txt'],
  ['encoder.json', 'vocab.bpe'],
] as const

/**
 * The tokenizer in a model directory, or undefined if there is none: tokenizer.json, or vocab.json with merges.txt, or
 * encoder.json with vocab.bpe, or ByT5's, whose tokenizer_config.json says it all. Errors: those of `parseTokenizer` and of
 * reading files.
 */
export async function findTokenizer(directory: string): Promise<Tokenizer | undefined> {
  const at = (name: string) => path().join(directory, name)
  const config = await readConfig(directory)
  if (config?.tokenizer_class === 'ByT5Tokenizer') return byteTokenizer({ extraIds: countSentinels(config), config })
  if (await kindOf(at('tokenizer.json')))
    return parseTokenizer(await readJson(at('tokenizer.json')), { file: at('tokenizer.json'), config })
  for (const [vocabulary, merges] of olderFiles) {
    if (!(await kindOf(at(vocabulary))) || !(await kindOf(at(merges)))) continue
    return bytelevelBpe({
      vocabulary: readVocabulary(new Field(at(vocabulary), await readJson(at(vocabulary)))),
      merges: readMergeLines(await readText(at(merges)), at(merges)),
      named: config ? readNamedTokens(new Field(at('tokenizer_config.json'), config)) : gpt2Named,
      config,
      file: at(merges),
    })
  }
  return undefined
}

/**
 * The tokenizer of a model directory (see `findTokenizer`), of a downloaded model's name, or of a tokenizer.json. Errors: those of `parseTokenizer` and of
 * reading files, and `TOKENIZER_MISSING`.
 */
export async function loadTokenizer(model: string): Promise<Tokenizer> {
  const source = await resolveModel(model)
  if ((await kindOf(source)) !== 'directory') {
    const config = await readConfig(path().dirname(source))
    return parseTokenizer(await readJson(source), { file: source, config })
  }
  const tokenizer = await findTokenizer(source)
  if (tokenizer) return tokenizer
  throw fileError(
    'TOKENIZER_MISSING',
    `${source}: has no tokenizer.\nExpected tokenizer.json, or vocab.json and merges.txt.`,
  )
}

/** The one special token of GPT-2, which begins and ends texts. */
export const gpt2Named = { bos: '<|endoftext|>', eos: '<|endoftext|>', unk: '<|endoftext|>' }
