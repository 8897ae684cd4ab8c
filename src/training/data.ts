/** From a recipe to a tokenizer and files of ids, in the run's directory. */
import { ensureDirectory, writeJson } from '../base/atomic.ts'
import { usageError } from '../base/errors.ts'
import { kindOf, path, readJson } from '../base/files.ts'
import { splitFiles, type TextPart, textPieces } from '../datasets/text.ts'
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

/** The text a recipe asks for, split in two. */
export async function findTexts({ data, seed }: Recipe): Promise<Texts> {
  if (data.files.length > 0) {
    const { train, validation, bytes } = await splitFiles(data.files, data.validation)
    if (bytes === 0)
      throw usageError('EMPTY_DATA', `${data.files.join(', ')}: empty. Give a text file with some pages of text.`)
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

/** A tokenizer for the run: loaded, or learned from the text (every character counts, merges come from the training part alone). */
export async function makeTokenizer({ tokenizer }: Recipe, { train, validation }: Texts): Promise<Tokenizer> {
  if (tokenizer.type === 'file') return await loadTokenizer(tokenizer.path)
  if (tokenizer.type === 'bytes') return byteTokenizer()
  const texts: string[] = []
  const parts = tokenizer.type === 'characters' ? [...train, ...validation] : train
  for await (const piece of textPieces(parts)) texts.push(piece)
  return tokenizer.type === 'characters'
    ? trainCharacters(texts, { specialTokens: [], named: {} })
    : trainBytelevelBpe(texts, { vocabSize: tokenizer.vocabularySize })
}

export type Prepared = {
  readonly train: TokenSequence
  readonly validation: TokenSequence
  readonly bytesPerToken: number
}

/** Where one document ends and the next begins. */
const separators = { lines: /(?<=\n)/, paragraphs: /(?<=\n\n)(?!\n)/, files: undefined } as const

/** Ids of every piece of a text; each document is followed by the end token, if the tokenizer has one. */
async function* encode(
  recipe: Recipe,
  tokenizer: Tokenizer,
  parts: readonly TextPart[],
  seen: { bytes: number },
): AsyncGenerator<readonly number[]> {
  const end = tokenizer.named.eos === undefined ? undefined : tokenizer.idOf(tokenizer.named.eos)
  const separator = separators[recipe.data.documents ?? (recipe.data.files.length ? 'paragraphs' : 'lines')]
  const last = separator === separators.lines ? '\n' : '\n\n'
  const complete = (document: string) => document.endsWith(last)
  const ids = (text: string) => tokenizer.encode(text, { special: 'text', addSpecialTokens: false }).ids
  for (const part of parts) {
    for await (const piece of textPieces([part])) {
      seen.bytes += new TextEncoder().encode(piece).length
      if (end === undefined || !separator) yield ids(piece)
      else
        for (const document of piece.split(separator))
          yield complete(document) ? [...ids(document), end] : ids(document)
    }
    if (end !== undefined && !separator) yield [end]
  }
}

/** Tokenizes the texts into `directory`, or opens what an earlier start of the same run has made there. */
export async function prepareTokens(
  directory: string,
  recipe: Recipe,
  texts: Texts,
  tokenizer: Tokenizer,
): Promise<Prepared> {
  const at = (name: string) => path().join(directory, name)
  const done = at('data.json')
  if (!(await kindOf(done))) {
    await ensureDirectory(directory)
    const seen = { bytes: 0 }
    const counts = {
      train: await writeTokens(at('train.bin'), tokenizer.vocabSize, encode(recipe, tokenizer, texts.train, seen)),
      validation: await writeTokens(
        at('validation.bin'),
        tokenizer.vocabSize,
        encode(recipe, tokenizer, texts.validation, seen),
      ),
    }
    await writeJson(done, { source: texts.description, tokens: counts, bytes: seen.bytes })
  }
  const { tokens, bytes } = (await readJson(done)) as { tokens: { train: number; validation: number }; bytes: number }
  return {
    train: await openTokens(at('train.bin'), tokenizer.vocabSize),
    validation: await openTokens(at('validation.bin'), tokenizer.vocabSize),
    bytesPerToken: bytes / (tokens.train + tokens.validation),
  }
}
