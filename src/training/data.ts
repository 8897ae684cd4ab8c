/** From a recipe to a tokenizer and files of ids, in the run's directory. */
import { ensureDirectory, syncDirectory } from '../base/atomic.ts'
import { damageOf, sha256 } from '../base/digest.ts'
import { conflict, fileError, PellucidError } from '../base/errors.ts'
import { explain, fs, kindOf, path, readJson } from '../base/files.ts'
import { splitFiles, type TextPart, tellReplaced } from '../datasets/text.ts'
import { openTokens, type TokenSequence } from '../datasets/tokens.ts'
import { worldText } from '../datasets/world/index.ts'
import { loadTokenizer, type Tokenizer } from '../tokenizers/index.ts'
import { type DataPrint, differenceOf, fingerprintOf, printText } from './fingerprint.ts'
import type { Recipe } from './recipe.ts'
import { documentEnd, makeTokenFiles, type TokenFiles } from './token-files.ts'

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

/**
 * The text of a run that goes on; undefined where it is gone and `allowChange` goes on with the tokens that were made from it. Throws
 * DATA_CHANGED where it is gone or empty.
 */
export async function findTextsAgain(recipe: Recipe, allowChange: boolean): Promise<Texts | undefined> {
  try {
    return await findTexts(recipe)
  } catch (error) {
    if (!(error instanceof PellucidError) || !/^(FILE_NOT_FOUND|EMPTY_DATA)$/.test(error.code)) throw error
    if (allowChange && error.code === 'FILE_NOT_FOUND') return undefined
    throw conflict(
      'DATA_CHANGED',
      `${error.message.split('\n')[0]}\nThe run was started with a text there. Put it back, say where it is now with --data,\n` +
        'or go on with the tokens that were made from it: --allow-data-change.',
    )
  }
}

export type Prepared = {
  readonly tokenizer: Tokenizer
  readonly train: TokenSequence
  readonly validation: TokenSequence
  readonly bytesPerToken: number
  readonly fingerprint: string
  /** The text in words. */
  readonly source: string
}

/** What a run that goes on expects of its data. */
export type Expected = {
  /** The fingerprint and the tokenizer of the checkpoint; undefined where there is none yet. */
  readonly checkpoint: { readonly fingerprint: string; readonly directory: string } | undefined
  readonly allowChange: boolean
}

const printOf = async (recipe: Recipe, texts: Texts, { progress, signal }: PrepareOptions): Promise<DataPrint> => {
  const { tokenizer } = recipe
  const advance = (bytes: number) => {
    signal?.throwIfAborted()
    if (progress) progress.done += bytes
  }
  const content = tokenizer.type === 'file' ? sha256(JSON.stringify(await loadTokenizer(tokenizer.path))) : undefined
  return {
    reading: {
      tokenizer: content === undefined ? tokenizer : { type: 'file', content },
      documents: documentEnd(recipe),
      ...(recipe.data.lossy && { lossy: true }),
    },
    train: await printText(texts.train, advance),
    validation: await printText(texts.validation, advance),
  }
}

/**
 * Makes or finds `tokenizer.json`, `train.bin` and `validation.bin` in `directory`. What an earlier start has made is used if text and
 * tokenizer are the same and its files are sound, else made anew; for a run that goes on (`expected`), another text is DATA_CHANGED
 * unless it allows for that, and the tokenizer stays.
 */
export async function prepareData(
  directory: string,
  recipe: Recipe,
  texts: Texts | undefined,
  expected: Expected | undefined,
  options: PrepareOptions,
): Promise<Prepared> {
  const at = (name: string) => path().join(directory, name)
  const stored = await readStored(at('data.json'))
  if (!texts) return await open(directory, await sound(directory, stored), options)
  const print = await printOf(recipe, texts, options)
  const fingerprint = fingerprintOf(print)
  const before = expected && (expected.checkpoint?.fingerprint ?? stored?.fingerprint)
  if (before !== undefined && before !== fingerprint && !expected!.allowChange) {
    const difference = stored?.fingerprint === before ? `: ${differenceOf(stored.print, print)}` : ''
    throw conflict(
      'DATA_CHANGED',
      `${texts.description}: is not the text that the run was started with${difference}.\n` +
        'Resume with the same text, start a new run in another --out, or go on with this one: --allow-data-change.',
    )
  }
  const damage = stored && (await damageIn(directory, stored))
  if (damage) options.warn?.(`${damage}; made again from the text.`)
  if (stored && !damage && stored.fingerprint === fingerprint) return await open(directory, stored, options)
  const checkpoint = expected?.checkpoint
  const tokenizer = checkpoint && (await loadTokenizer(checkpoint.directory))
  const remove = (place: string) => fs().promises.rm(place, { recursive: true, force: true })
  const partial = `${directory}.partial`
  try {
    await remove(partial)
    await ensureDirectory(partial)
    const made = await makeTokenFiles(partial, recipe, texts, { print, fingerprint, tokenizer }, options)
    await remove(directory)
    await fs().promises.rename(partial, directory)
    await syncDirectory(path().dirname(directory))
    return await open(directory, made, options)
  } catch (error) {
    await remove(partial).catch(() => {}) // The first error is the one to report.
    throw explain(error, directory, 'write')
  }
}

/** data.json of an earlier start; undefined where it has made none that can be understood. */
async function readStored(file: string): Promise<TokenFiles | undefined> {
  if (!(await kindOf(file))) return undefined
  const value = await readJson(file).catch((error) => {
    if (error instanceof PellucidError && error.kind === 'file') return undefined
    throw error
  })
  const stored = value as Partial<TokenFiles> | null | undefined
  return stored?.files && stored.print && stored.tokens ? (stored as TokenFiles) : undefined
}

/** What is wrong with the files that data.json lists, in words. */
async function damageIn(directory: string, { files }: TokenFiles): Promise<string | undefined> {
  for (const [name, digest] of Object.entries(files)) {
    const file = path().join(directory, name)
    const damage = await damageOf(file, digest)
    if (damage) return `${file}: ${damage}`
  }
  return undefined
}

/** Throws DATA_DAMAGED unless the tokens of an earlier start can be used without the text. */
async function sound(directory: string, stored: TokenFiles | undefined): Promise<TokenFiles> {
  const damage = stored
    ? await damageIn(directory, stored)
    : `${path().join(directory, 'data.json')}: is missing or damaged`
  if (stored && !damage) return stored
  throw fileError('DATA_DAMAGED', `${damage}.\nGive the text again, so that its tokens can be made anew: --data.`)
}

async function open(directory: string, stored: TokenFiles, { warn }: PrepareOptions): Promise<Prepared> {
  const at = (name: string) => path().join(directory, name)
  const { tokens, bytes, replaced, fingerprint, source } = stored
  const tokenizer = await loadTokenizer(directory)
  if (replaced) warn?.(tellReplaced(source, replaced))
  return {
    tokenizer,
    train: await openTokens(at('train.bin'), tokenizer.vocabSize),
    validation: await openTokens(at('validation.bin'), tokenizer.vocabSize),
    bytesPerToken: bytes / Math.max(1, tokens.train + tokens.validation),
    fingerprint,
    source,
  }
}
