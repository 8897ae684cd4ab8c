/** Tokenizers without a tokenizer.json: which files there are and whose they are decides how they are put together. */
import { kindOf, listDirectory, path, readBytes, readJson, readText } from '../../base/files.ts'
import { entryOf, Field } from '../field.ts'
import { readMergeLines } from '../models/read-bpe.ts'
import { type Assembled, assemble, type Parts } from './assemble.ts'
import { bpeFamilies, bpeParts, guessBpeFamily } from './bpe-files.ts'
import { esmParts } from './esm.ts'
import { exactParts, tokensById } from './exact.ts'
import { exactFamilies } from './exact-families.ts'
import { marianParts } from './marian.ts'
import { perceiverParts } from './perceiver.ts'
import { refuseClass } from './refusals.ts'
import { familyParts } from './sentencepiece.ts'
import { sentencePieceFamilies } from './sentencepiece-families.ts'
import { readSentencePieceModel } from './sentencepiece-model.ts'
import type { Settings } from './settings.ts'
import { tiktokenParts } from './tiktoken.ts'
import { wordPieceParts } from './vocab-txt.ts'

/** Tokenizer classes by the `model_type` of config.json, where they are not simply the default of their kind of files. */
const classOfModel: Readonly<Record<string, string>> = {
  albert: 'Albert',
  bart: 'Roberta',
  big_bird: 'BigBird',
  blenderbot: 'Blenderbot',
  camembert: 'Camembert',
  clip: 'CLIP',
  clip_text_model: 'CLIP',
  codegen: 'GPT2',
  deberta: 'Deberta',
  'deberta-v2': 'DebertaV2',
  fnet: 'Albert',
  funnel: 'Funnel',
  gemma: 'Gemma',
  gemma2: 'Gemma',
  gpt2: 'GPT2',
  gpt_neo: 'GPT2',
  gpt_neox: 'GPTNeoX',
  gptj: 'GPT2',
  led: 'Roberta',
  llama: 'Llama',
  longformer: 'Roberta',
  m2m_100: 'M2M100',
  mbart: 'MBart',
  mpnet: 'MPNet',
  mt5: 'T5',
  mvp: 'Roberta',
  nllb: 'Nllb',
  'openai-gpt': 'OpenAIGPT',
  opt: 'GPT2',
  pegasus: 'Pegasus',
  qwen2: 'Qwen2',
  qwen2_moe: 'Qwen2',
  qwen3: 'Qwen2',
  qwen3_moe: 'Qwen2',
  reformer: 'Reformer',
  rembert: 'RemBert',
  roberta: 'Roberta',
  switch_transformers: 'T5',
  t5: 'T5',
  whisper: 'Whisper',
  xglm: 'XGLM',
  'xlm-roberta': 'XLMRoberta',
  'xlm-roberta-xl': 'XLMRoberta',
  xlnet: 'XLNet',
}

/** The tokenizer's class as transformers calls it, without `Tokenizer` and `Fast`; undefined where the files do not say. */
async function classNameOf(directory: string, settings: Settings): Promise<string | undefined> {
  const stem = (name: string) => name.replace(/(Tokenizer)?(Fast)?$/, '')
  const named = settings.field.get('tokenizer_class')
  if (!named.missing) return stem(named.string())
  const file = path().join(directory, 'config.json')
  if ((await kindOf(file)) !== 'file') return undefined
  const config = new Field(file, await readJson(file))
  const own = config.get('tokenizer_class')
  if (!own.missing) return stem(own.string())
  const type = config.get('model_type')
  return typeof type.value === 'string' ? entryOf(classOfModel, type.value) : undefined
}

type Found = { readonly directory: string; readonly className: string | undefined; readonly settings: Settings }

/** Vocabulary and merges, as Hugging Face names the files and as GPT-2 was published. */
const mergesOf: Readonly<Record<string, string>> = { 'vocab.json': 'merges.txt', 'encoder.json': 'vocab.bpe' }

async function fromBpe(vocabularyName: string, { directory, className, settings }: Found): Promise<[Parts, string]> {
  const vocabulary = path().join(directory, vocabularyName)
  const file = path().join(directory, mergesOf[vocabularyName]!)
  const tokens = new Field(vocabulary, await readJson(vocabulary))
  const merges = readMergeLines(await readText(file), file)
  const family = entryOf(bpeFamilies, className) ?? guessBpeFamily(tokens, merges)
  return [bpeParts(family, tokens, merges, settings), file]
}

/** SentencePiece's files, and those of tiktoken that bear the same name (Llama 3). */
async function fromModel(file: string, { directory, className, settings }: Found): Promise<[Parts, string]> {
  const bytes = await readBytes(file)
  // The shortest lines of a rank file have 6 characters; a message begins with a control character.
  if (bytes.length > 0 && bytes[0]! >= 0x20) return fromRanks(file, settings)
  const family = entryOf(sentencePieceFamilies, className)
  const model = readSentencePieceModel(bytes, file)
  if (family) return [familyParts(family, model, settings), file]
  const exact = entryOf(exactFamilies, className)
  const vocabulary = exact?.idsInVocabulary && (await readVocabulary(directory))
  return [exactParts(model, settings, { family: exact, vocabulary: vocabulary && tokensById(vocabulary) }), file]
}

async function readVocabulary(directory: string): Promise<Field> {
  const file = path().join(directory, 'vocab.json')
  return new Field(file, await readJson(file))
}

/** A translation model's pieces, with the ids of vocab.json beside it. */
async function fromMarian(name: string, { directory, settings }: Found): Promise<[Parts, string]> {
  const file = path().join(directory, name)
  const model = readSentencePieceModel(await readBytes(file), file)
  return [marianParts(model, await readVocabulary(directory), file, settings), file]
}

async function fromRanks(file: string, settings: Settings): Promise<[Parts, string]> {
  const name = path()
    .basename(file)
    .replace(/\.\w+$/, '')
  return [tiktokenParts(name, await readText(file), file, settings), file]
}

async function fromWords(file: string, { className, settings }: Found): Promise<[Parts, string]> {
  const text = await readText(file)
  return [className === 'Esm' ? esmParts(text, settings) : wordPieceParts(className, text, settings), file]
}

/** How a file is read, by its name; undefined for other files. */
function readerOf(name: string): ((found: Found) => Promise<[Parts, string]>) | undefined {
  const at = ({ directory }: Found) => path().join(directory, name)
  if (name === 'source.spm') return (found) => fromMarian(name, found)
  if (Object.hasOwn(mergesOf, name)) return (found) => fromBpe(name, found)
  const vocabulary = Object.keys(mergesOf).find((key) => mergesOf[key] === name)
  if (vocabulary) return (found) => fromBpe(vocabulary, found)
  if (/\.(model|spm)$/.test(name)) return (found) => fromModel(at(found), found)
  if (name.endsWith('.tiktoken')) return (found) => fromRanks(at(found), found.settings)
  if (/\.(txt|tokenizer)$/.test(name)) return (found) => fromWords(at(found), found)
  return undefined
}

/** Whether a file of this name is read as a vocabulary rather than as a tokenizer.json. */
export const isVocabulary = (name: string): boolean => readerOf(name) !== undefined

/** Files of a directory that hold a vocabulary, the likeliest first. */
const vocabularyFiles = [
  'source.spm',
  'vocab.json',
  'encoder.json',
  'spiece.model',
  'tokenizer.model',
  'sentencepiece.bpe.model',
  'spm.model',
  'vocab.txt',
  'prophetnet.tokenizer',
]

/** The file to read a directory's tokenizer from, if there is one. */
async function vocabularyFile(directory: string): Promise<string | undefined> {
  const names = new Set(await listDirectory(directory))
  const whole = (name: string) => names.has(name) && (mergesOf[name] === undefined || names.has(mergesOf[name]))
  return vocabularyFiles.find(whole) ?? [...names].sort().find((name) => /\.(tiktoken|model)$/.test(name))
}

/** The contents of a tokenizer.json and its settings; `file` is to be named in errors. */
export type Converted = Assembled & { readonly file: string }

/**
 * The tokenizer in the vocabulary file `name` of a directory, or in whichever the directory has; undefined if it has none. Errors:
 * `TOKENIZER_FIELD`, `TOKENIZER_UNSUPPORTED`, and those of reading files.
 */
export async function convertFiles(
  directory: string,
  settings: Settings,
  name?: string,
): Promise<Converted | undefined> {
  const className = await classNameOf(directory, settings)
  refuseClass(className, directory)
  if (className === 'Perceiver') return { ...assemble(perceiverParts(settings)), file: directory }
  const chosen = name ?? (await vocabularyFile(directory))
  const reader = chosen === undefined ? undefined : readerOf(chosen)
  if (!reader) return undefined
  const [parts, file] = await reader({ directory, settings, className })
  return { ...assemble(parts), file }
}
