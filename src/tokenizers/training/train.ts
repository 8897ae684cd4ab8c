/** Tokenizers learned from text: any kind, from texts that come as they like; and two kinds at once, from texts in memory. */
import { usageError } from '../../base/errors.ts'
import { turns } from '../../base/event-loop.ts'
import { show } from '../../base/json.ts'
import { Tokenizer } from '../tokenizer.ts'
import type { LearnProgress } from './kind.ts'
import { Passages, type Reading } from './passages.ts'
import { type Preparation, prepare, type TrainSettings } from './preparation.ts'

/** How far a training is: what was read (how much there is, is not known beforehand), or how much was learned of what is wanted. */
export type TrainProgress =
  | {
      readonly stage: 'read'
      /** Texts begun, and UTF-16 code units read. */
      readonly texts: number
      readonly units: number
      /** Different words so far. */
      readonly words: number
      /** Rare words that were forgotten since there were too many to keep. */
      readonly forgotten: number
    }
  | ({ readonly stage: 'learn' } & LearnProgress)

/** A text in memory, or one that comes in chunks. */
export type TrainText = string | AsyncIterable<string>

export type TrainTokenizerOptions = TrainSettings &
  Reading & {
    readonly onProgress?: (progress: TrainProgress) => void
    /** Stops the training, which throws the signal's reason. */
    readonly signal?: AbortSignal
  }

/** The settings of the kinds that learn at once. */
export type TrainOptions = Pick<TrainSettings, 'vocabSize' | 'minFrequency' | 'specialTokens' | 'named'> & {
  readonly onProgress?: (progress: TrainProgress) => void
}

/**
 * Learns a tokenizer. Each text is one of its own, of any length: a string, or an async iterable of its chunks, the result being the
 * same wherever it was cut. Texts beyond a quarter of a million UTF-16 units are taken in passages. Memory is bounded by the words
 * that are kept, about a million different ones; beyond that the rarest are forgotten and `onProgress` says how many.
 * The same texts give the same tokenizer. Other work gets its turn meanwhile.
 * Errors: `NO_TEXT`, `BAD_TEXT`, `BAD_SPECIAL_TOKENS`, `BAD_ALPHABET`, `BAD_SETTING`, `VOCABULARY_TOO_SMALL`, those of reading stages, and the signal's reason.
 */
export const trainTokenizer = async (
  texts: Iterable<TrainText> | AsyncIterable<TrainText>,
  options: TrainTokenizerOptions = {},
): Promise<Tokenizer> => (await trainMeasured(texts, options)).tokenizer

/** What was learned, and how many tokens the texts have with it; undefined where no text was read, or not all of it has tokens. */
export type Trained = { readonly tokenizer: Tokenizer; readonly tokens: number | undefined }

/** Learns a tokenizer as `trainTokenizer` does, and counts the tokens of the texts with it where `measure` says so. */
export async function trainMeasured(
  texts: Iterable<TrainText> | AsyncIterable<TrainText>,
  { onProgress, signal, lines, measure = false, ...settings }: TrainTokenizerOptions & { measure?: boolean } = {},
): Promise<Trained> {
  const preparation = prepare(settings)
  if (preparation instanceof Tokenizer) return { tokenizer: preparation, tokens: undefined }
  const turn = turns()
  const step = async () => {
    await turn()
    signal?.throwIfAborted()
  }
  const tracker = new Tracker(preparation, onProgress)
  // A string is iterable too, letter by letter, which nobody means.
  for await (const text of typeof texts === 'string' ? [texts] : texts) {
    if (typeof text !== 'string' && !(Symbol.asyncIterator in Object(text)))
      throw usageError(
        'BAD_TEXT',
        `A text to learn from is ${show(text)}.\nExpected a string, or an async iterable of strings.`,
      )
    tracker.texts++
    const passages = new Passages({ lines })
    const count = async (ready: Iterable<string>) => {
      for (const passage of ready) {
        tracker.count(passage)
        await step()
      }
    }
    for await (const chunk of typeof text === 'string' ? [text] : text) {
      await count(passages.push(chunk))
      tracker.tell()
      await step()
    }
    await count(passages.end())
    tracker.tell()
  }
  if (tracker.units === 0)
    throw usageError('NO_TEXT', 'There is no text to learn from.\nExpected at least one that is not empty.')
  const finish = async <T>(work: Generator<LearnProgress | undefined, T>): Promise<T> => {
    let next = work.next()
    for (; !next.done; next = work.next()) {
      if (next.value) onProgress?.({ stage: 'learn', ...next.value })
      await step()
    }
    return next.value
  }
  const tokenizer = await finish(preparation.learn())
  return { tokenizer, tokens: measure ? await finish(preparation.measure(tokenizer)) : undefined }
}

/** Counts passages and tells how many there were. */
class Tracker {
  texts = 0
  units = 0
  readonly #preparation: Preparation
  readonly #onProgress: TrainOptions['onProgress']
  constructor(preparation: Preparation, onProgress: TrainOptions['onProgress']) {
    this.#preparation = preparation
    this.#onProgress = onProgress
  }

  count(passage: string): void {
    this.units += passage.length
    this.#preparation.counter.add(passage)
  }

  tell(): void {
    const { size, forgotten } = this.#preparation.counter
    this.#onProgress?.({ stage: 'read', texts: this.texts, units: this.units, words: size, forgotten })
  }
}

/** The same at once, for texts in memory. */
function trainAtOnce(texts: Iterable<string>, settings: TrainSettings, onProgress: TrainOptions['onProgress']) {
  const preparation = prepare(settings)
  if (preparation instanceof Tokenizer) return preparation
  const tracker = new Tracker(preparation, onProgress)
  for (const text of texts) {
    tracker.texts++
    const passages = new Passages({})
    for (const passage of passages.push(text)) tracker.count(passage)
    for (const passage of passages.end()) tracker.count(passage)
    tracker.tell()
  }
  const learning = preparation.learn()
  let next = learning.next()
  for (; !next.done; next = learning.next()) if (next.value) onProgress?.({ stage: 'learn', ...next.value })
  return next.value
}

/**
 * Learns a byte-level BPE tokenizer like GPT-2's (Radford et al. 2019, §2.2) at once. The same texts give the same tokenizer, and the
 * one that Hugging Face's trainer gives. The vocabulary holds the special tokens, the 256 bytes, then what was learned; it may
 * end up smaller than `vocabSize` if the texts have no more pairs. Errors: `BAD_SPECIAL_TOKENS`, `VOCABULARY_TOO_SMALL`.
 */
export const trainBytelevelBpe = (texts: Iterable<string>, { onProgress, ...settings }: TrainOptions = {}): Tokenizer =>
  trainAtOnce(texts, { ...settings, model: 'bpe' }, onProgress)

/**
 * A tokenizer whose tokens are characters (Unicode code points), made at once: the special tokens, then the characters of the texts,
 * the most frequent first and among equals by code point. Characters it does not have become `<unk>`, or are an error if that is not
 * among the special tokens. Errors: `BAD_SPECIAL_TOKENS`, `VOCABULARY_TOO_SMALL`.
 */
export const trainCharacters = (texts: Iterable<string>, { onProgress, ...settings }: TrainOptions = {}): Tokenizer =>
  trainAtOnce(texts, { ...settings, model: 'characters' }, onProgress)
