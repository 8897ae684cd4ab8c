/** From a recipe to a tokenizer and files of ids, in the run's directory. */
import { ensureDirectory, writeJson } from '../base/atomic.ts'
import { conflict, fileError } from '../base/errors.ts'
import { crypto, fs, kindOf, path, readChunks, readJson } from '../base/files.ts'
import type { Replacements } from '../base/utf8.ts'
import { type DocumentEnd, encodeDocuments } from '../datasets/documents.ts'
import { partSize, sampleParts, splitFiles, type TextPart, tellReplaced, textPieces } from '../datasets/text.ts'
import { openTokens, type TokenSequence, writeTokens } from '../datasets/tokens.ts'
import { worldText } from '../datasets/world/index.ts'
import {
  byteTokenizer,
  loadTokenizer,
  type Tokenizer,
  trainBytelevelBpe,
  trainCharacters,
} from '../tokenizers/index.ts'
import type { Recipe } from './recipe.ts'

export type Texts = {
  readonly train: readonly TextPart[]
  readonly validation: readonly TextPart[]
  readonly description: string
}

/** How far the preparation is, in bytes of text. */
export type Progress = { stage: 'read' | 'learn' | 'tokenize'; done: number; total: number }
export type PrepareOptions = {
  readonly progress?: Progress
  readonly signal?: AbortSignal | undefined
  /** Told what a person should know of the text. */
  readonly warn?: ((message: string) => void) | undefined
}

/** Merges are learned from at most so many bytes of the training text, taken evenly from all of it. */
const learningBytes = 10 * 2 ** 20

/** What an end token follows: every story of the built-in world is a line, other texts have blank lines. */
const documentEnd = ({ data }: Recipe): DocumentEnd =>
  data.documents ?? (data.files.length > 0 ? 'paragraphs' : 'lines')

/** The text a recipe asks for, split in two. */
export async function findTexts({ data, seed }: Recipe): Promise<Texts> {
  if (data.files.length > 0) {
    const { train, validation, bytes } = await splitFiles(data.files, data.validation)
    if (bytes === 0)
      throw fileError('EMPTY_DATA', `${data.files.join(', ')}: empty. Give a text file with some pages of text.`)
    return { train, validation, description: `${data.files.join(', ')} (${bytes} bytes)` }
  }
  const text = worldText({ seed, bytes: data.bytes })
  const border = text.lastIndexOf('\n', Math.floor(text.length * (1 - data.validation))) + 1
  return {
    train: [{ text: text.slice(0, border) }],
    validation: [{ text: text.slice(border) }],
    description: `built-in world (${text.length} bytes, seed ${seed})`,
  }
}

/** Where bytes that are not UTF-8 are counted; undefined where they are an error. */
const replacements = ({ data }: Recipe): Replacements | undefined => (data.lossy ? { count: 0 } : undefined)

const sizeOfAll = (parts: readonly TextPart[]) => parts.reduce((sum, part) => sum + partSize(part), 0)

/** SHA-256 of both texts, and of how they become tokens. */
async function fingerprintOf(texts: Texts, recipe: Recipe, { progress, signal }: PrepareOptions): Promise<string> {
  const hash = crypto().createHash('sha256')
  const advance = (bytes: number) => {
    signal?.throwIfAborted()
    if (progress) progress.done += bytes
  }
  for (const parts of [texts.train, texts.validation]) {
    const reading = [recipe.tokenizer, documentEnd(recipe), ...(recipe.data.lossy ? ['lossy'] : [])]
    hash.update(`${JSON.stringify(reading)}\n${sizeOfAll(parts)}\n`)
    for (const part of parts) {
      if ('text' in part) hash.update(part.text)
      else
        for await (const chunk of readChunks(part.file, part)) {
          hash.update(chunk)
          advance(chunk.length)
        }
    }
  }
  return hash.digest('hex')
}

/** A tokenizer for the run: loaded, or learned from the text (every character counts, merges come from the training part alone). */
async function makeTokenizer(recipe: Recipe, texts: Texts, { signal }: PrepareOptions): Promise<Tokenizer> {
  const { tokenizer } = recipe
  const lossy = replacements(recipe)
  if (tokenizer.type === 'file') return await loadTokenizer(tokenizer.path)
  if (tokenizer.type === 'bytes') return byteTokenizer()
  if (tokenizer.type === 'characters') {
    const seen = new Set<string>()
    for await (const piece of textPieces([...texts.train, ...texts.validation], lossy)) {
      signal?.throwIfAborted()
      for (const character of piece) seen.add(character)
    }
    return trainCharacters([[...seen].join('')], { specialTokens: [], named: {} })
  }
  const sample: string[] = []
  for await (const piece of textPieces(await sampleParts(texts.train, learningBytes), lossy)) sample.push(piece)
  signal?.throwIfAborted()
  return trainBytelevelBpe(sample, { vocabSize: tokenizer.vocabularySize })
}

export type Prepared = {
  readonly tokenizer: Tokenizer
  readonly train: TokenSequence
  readonly validation: TokenSequence
  readonly bytesPerToken: number
  readonly fingerprint: string
}

/** data.json: written last, so that it vouches for the files beside it. */
type Stored = { fingerprint: string; tokens: { train: number; validation: number }; bytes: number; replaced?: number }

/**
 * Makes or finds `tokenizer.json`, `train.bin` and `validation.bin` in `directory`. What an earlier start has made is used if text and
 * tokenizer are the same; if they are not, it is an error when `resume` (DATA_CHANGED), else made anew.
 */
export async function prepareData(
  directory: string,
  recipe: Recipe,
  texts: Texts,
  resume: boolean,
  options: PrepareOptions,
): Promise<Prepared> {
  const at = (name: string) => path().join(directory, name)
  const fingerprint = await fingerprintOf(texts, recipe, options)
  let stored = (await kindOf(at('data.json'))) ? ((await readJson(at('data.json'))) as Stored) : undefined
  if (stored && stored.fingerprint !== fingerprint) {
    if (resume)
      throw conflict(
        'DATA_CHANGED',
        `${directory}: the run was started with another text than ${texts.description}.\n` +
          'Resume with the same text, or start a new run in another --out.',
      )
    stored = undefined
  }
  if (!stored) {
    await fs().promises.rm(directory, { recursive: true, force: true })
    await ensureDirectory(directory)
    stored = await makeData(directory, recipe, texts, fingerprint, options)
  }
  const tokenizer = await loadTokenizer(directory)
  const { tokens, bytes, replaced } = stored
  if (replaced) options.warn?.(tellReplaced(texts.description, replaced))
  return {
    tokenizer,
    train: await openTokens(at('train.bin'), tokenizer.vocabSize),
    validation: await openTokens(at('validation.bin'), tokenizer.vocabSize),
    bytesPerToken: bytes / Math.max(1, tokens.train + tokens.validation),
    fingerprint,
  }
}

async function makeData(
  directory: string,
  recipe: Recipe,
  texts: Texts,
  fingerprint: string,
  options: PrepareOptions,
): Promise<Stored> {
  const { progress, signal } = options
  const at = (name: string) => path().join(directory, name)
  if (progress) Object.assign(progress, { stage: 'learn', done: 0 })
  const tokenizer = await makeTokenizer(recipe, texts, options)
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
  const learned =
    recipe.tokenizer.type === 'bpe' ? { mergesFromBytes: Math.min(learningBytes, sizeOfAll(texts.train)) } : {}
  const replaced = lossy ? { replaced: lossy.count } : {}
  const stored = { source: texts.description, fingerprint, tokens, bytes, ...learned, ...replaced }
  await writeJson(at('data.json'), stored)
  return stored
}
