/** A text made into a tokenizer and files of token ids. */
import { writeJson } from '../base/atomic.ts'
import { digestOf, type FileDigest } from '../base/digest.ts'
import { path } from '../base/files.ts'
import type { Replacements } from '../base/utf8.ts'
import { type DocumentEnd, encodeDocuments } from '../datasets/documents.ts'
import { partSize, sampleParts, type TextPart, textPieces } from '../datasets/text.ts'
import { writeTokens } from '../datasets/tokens.ts'
import { loadTokenizer, type Tokenizer, trainCharacters, trainingKinds, trainTokenizer } from '../tokenizers/index.ts'
import type { PrepareOptions, Texts } from './data.ts'
import type { DataPrint } from './fingerprint.ts'
import type { Recipe } from './recipe.ts'
import { isEveryCharacter, settingsOf } from './recipe-tokenizers.ts'

/** Tokens are learned from at most so many bytes of the training text, taken evenly from all of it. */
const learningBytes = 10 * 2 ** 20

/** What an end token follows: every story of the built-in world is a line, other texts have blank lines. */
export const documentEnd = ({ data }: Recipe): DocumentEnd =>
  data.documents ?? (data.files.length > 0 ? 'paragraphs' : 'lines')

/** data.json: written last, so that it vouches for the files beside it. */
export type TokenFiles = {
  /** The text in words. */
  readonly source: string
  readonly fingerprint: string
  readonly print: DataPrint
  readonly files: Readonly<Record<string, FileDigest>>
  readonly tokens: { readonly train: number; readonly validation: number }
  readonly bytes: number
  /** Bytes of text that the tokens were learned from. */
  readonly mergesFromBytes?: number
  /** Characters that stand for bytes that are not UTF-8. */
  readonly replaced?: number
}

/** Where bytes that are not UTF-8 are counted; undefined where they are an error. */
const replacements = ({ data }: Recipe): Replacements | undefined => (data.lossy ? { count: 0 } : undefined)

const sizeOfAll = (parts: readonly TextPart[]) => parts.reduce((sum, part) => sum + partSize(part), 0)

/** A tokenizer for the run: loaded, or learned from the text (where every character counts, from all of it, else from the training part alone). */
async function makeTokenizer(recipe: Recipe, texts: Texts, { signal }: PrepareOptions): Promise<Tokenizer> {
  const { tokenizer } = recipe
  const lossy = replacements(recipe)
  if (tokenizer.type === 'file') return await loadTokenizer(tokenizer.path)
  const pieces = async function* (parts: readonly TextPart[]) {
    for await (const piece of textPieces(parts, lossy)) {
      signal?.throwIfAborted()
      yield piece
    }
  }
  if (isEveryCharacter(tokenizer)) {
    const seen = new Set<string>()
    for await (const piece of pieces([...texts.train, ...texts.validation]))
      for (const character of piece) seen.add(character)
    return trainCharacters([[...seen].join('')], { specialTokens: [], named: {} })
  }
  const sample = await sampleParts(texts.train, learningBytes)
  return await trainTokenizer(pieces(sample), { ...settingsOf(tokenizer), ...(signal && { signal }) })
}

/** Whether the tokens are learned from a part of the text, if there is much of it. */
const isSampled = ({ tokenizer }: Recipe): boolean =>
  tokenizer.type !== 'file' && !isEveryCharacter(tokenizer) && 'learn' in trainingKinds[tokenizer.type]

/** Writes `tokenizer.json`, `train.bin`, `validation.bin` and `data.json` into a directory, with a given tokenizer or a new one. */
export async function makeTokenFiles(
  directory: string,
  recipe: Recipe,
  texts: Texts,
  { print, fingerprint, tokenizer: given }: { print: DataPrint; fingerprint: string; tokenizer: Tokenizer | undefined },
  options: PrepareOptions,
): Promise<TokenFiles> {
  const { progress, signal } = options
  const at = (name: string) => path().join(directory, name)
  if (progress) Object.assign(progress, { stage: 'learn', done: 0 })
  const tokenizer = given ?? (await makeTokenizer(recipe, texts, options))
  await tokenizer.save(directory)
  if (progress) Object.assign(progress, { stage: 'tokenize', done: 0 })
  let bytes = 0
  const lossy = replacements(recipe)
  const endToken = tokenizer.named.eos === undefined ? undefined : tokenizer.idOf(tokenizer.named.eos)
  const ids = (text: string) => tokenizer.encode(text, { special: 'text', addSpecialTokens: false }).ids
  async function* encode(parts: readonly TextPart[]): AsyncGenerator<readonly number[]> {
    for await (const piece of textPieces(parts, lossy)) {
      signal?.throwIfAborted()
      yield endToken === undefined ? ids(piece) : encodeDocuments(piece, documentEnd(recipe), endToken, ids)
      bytes += new TextEncoder().encode(piece).length
      if (progress) progress.done = bytes
    }
  }
  const tokens = {
    train: await writeTokens(at('train.bin'), tokenizer.vocabSize, encode(texts.train)),
    validation: await writeTokens(at('validation.bin'), tokenizer.vocabSize, encode(texts.validation)),
  }
  const files: Record<string, FileDigest> = {}
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'train.bin', 'validation.bin'])
    files[name] = await digestOf(at(name))
  const made = {
    source: texts.description,
    fingerprint,
    print,
    files,
    tokens,
    bytes,
    ...(isSampled(recipe) && !given && { mergesFromBytes: Math.min(learningBytes, sizeOfAll(texts.train)) }),
    ...(lossy && { replaced: lossy.count }),
  }
  await writeJson(at('data.json'), made)
  return made
}
