/** What a training sets out with: its kind, settings and stages, checked before any text is read; and the tokenizer in the end. */
import { PellucidError, usageError } from '../../base/errors.ts'
import { show } from '../../base/json.ts'
import type { NamedTokens, TokenRole } from '../config.ts'
import { Field, type Json } from '../field.ts'
import { parseTokenizer } from '../load.ts'
import { readNormalizer } from '../normalizers/index.ts'
import { readPreTokenizer } from '../pre-tokenizers/index.ts'
import { Tokenizer } from '../tokenizer.ts'
import { WordCounter } from './count-words.ts'
import { type LearnedKind, type LearnProgress, type LearnSettings, type WordCounts, wordsAtOnce } from './kind.ts'
import { type TrainingKindName, trainingKinds } from './kinds.ts'

/** What to learn and how. What is left out is usual for the kind. */
export type TrainSettings = Partial<Omit<LearnSettings, 'initialAlphabet'>> & {
  /** Default `bpe`. */
  readonly model?: TrainingKindName
  /** Characters that become tokens whether they occur or not; a string is a list of its characters. */
  readonly initialAlphabet?: Iterable<string>
  /** Stages as in tokenizer.json, null for none. */
  readonly normalizer?: Json | null
  readonly preTokenizer?: Json | null
  readonly postProcessor?: Json | null
  readonly decoder?: Json | null
}

/** Words to be counted, and then learned from. */
export type Preparation = {
  readonly counter: WordCounter
  learn(): Generator<LearnProgress | undefined, Tokenizer>
  /** How many tokens of this tokenizer the words are, which it was learned from; undefined if it cannot write all of them. */
  measure(tokenizer: Tokenizer): Generator<undefined, number | undefined>
}

/** What special tokens are for, by the spellings that published tokenizers have for them. */
const usualRoles: Readonly<Record<string, TokenRole>> = {
  '<pad>': 'pad',
  '[PAD]': 'pad',
  '<unk>': 'unk',
  '[UNK]': 'unk',
  '<s>': 'bos',
  '</s>': 'eos',
  '[CLS]': 'cls',
  '[SEP]': 'sep',
  '[MASK]': 'mask',
  '<mask>': 'mask',
}

/** The roles of those tokens that are there. */
function rolesOf(specialTokens: readonly string[], usual: NamedTokens): NamedTokens {
  const spelled = specialTokens.flatMap((token) => (usualRoles[token] ? [[usualRoles[token], token]] : []))
  return { ...Object.fromEntries(spelled), ...present(usual, specialTokens) }
}

const present = (named: NamedTokens, tokens: readonly string[]): NamedTokens =>
  Object.fromEntries(Object.entries(named).filter(([, token]) => tokens.includes(token)))

/** Every kind takes these. */
const commonSettings = ['vocabSize', 'minFrequency', 'specialTokens', 'named']
const stageSettings = ['normalizer', 'preTokenizer', 'postProcessor', 'decoder']

function refuseUnused(model: TrainingKindName, settings: Omit<TrainSettings, 'model'>): void {
  const kind = trainingKinds[model]
  const takes: readonly string[] = 'fixed' in kind ? [] : [...commonSettings, ...stageSettings, ...kind.takes]
  for (const [name, value] of Object.entries(settings))
    if (value !== undefined && !takes.includes(name))
      throw usageError(
        'BAD_SETTING',
        `A tokenizer of the kind ${model} takes no ${name}; it takes ${takes.join(', ') || 'no settings'}.`,
      )
}

function checkSettings(settings: LearnSettings): void {
  const { specialTokens, initialAlphabet = [], limitAlphabet, vocabSize, shrinkingFactor = 0.5 } = settings
  const count = (['subIterations', 'seedSize'] as const).find((name) => !(Number(settings[name] ?? 1) >= 1))
  if (count !== undefined)
    throw usageError('BAD_SETTING', `${count} is ${show(settings[count])}.\nExpected an integer from 1.`)
  if (!(shrinkingFactor > 0 && shrinkingFactor < 1))
    throw usageError(
      'BAD_SETTING',
      `shrinkingFactor is ${show(shrinkingFactor)}.\nExpected a number above 0 and below 1: the share of the pieces that each round leaves.`,
    )
  const sound = specialTokens.every((token) => token !== '' && token.isWellFormed())
  if (!sound || new Set(specialTokens).size < specialTokens.length)
    throw usageError(
      'BAD_SPECIAL_TOKENS',
      `The special tokens are ${JSON.stringify(specialTokens)}.\nExpected different ones, none empty or with half a character.`,
    )
  const wrong = initialAlphabet.find((character) => [...character].length !== 1 || !character.isWellFormed())
  if (wrong !== undefined)
    throw usageError('BAD_ALPHABET', `The initial alphabet has ${show(wrong)}.\nExpected single characters.`)
  const characters = Math.max(1, Math.min(initialAlphabet.length, limitAlphabet ?? Number.POSITIVE_INFINITY))
  if (vocabSize < specialTokens.length + characters)
    throw usageError(
      'VOCABULARY_TOO_SMALL',
      `The vocabulary size is ${vocabSize}.\nExpected at least ${specialTokens.length + characters}: ${specialTokens.length} special token${specialTokens.length === 1 ? '' : 's'} and ${characters === 1 ? 'a character' : `${characters} characters`}.`,
    )
}

/**
 * Checks what is asked for. Gives the tokenizer itself where nothing is to be learned. Errors: `BAD_SETTING` (one that the kind does
 * not take), `BAD_SPECIAL_TOKENS`, `BAD_ALPHABET`, `VOCABULARY_TOO_SMALL`, and those of reading stages.
 */
export function prepare({ model = 'bpe', ...given }: TrainSettings): Preparation | Tokenizer {
  if (!Object.hasOwn(trainingKinds, model))
    throw usageError(
      'BAD_SETTING',
      `There is no kind of tokenizer ${show(model)}.\nExpected one of ${Object.keys(trainingKinds).join(', ')}.`,
    )
  refuseUnused(model, given)
  const kind = trainingKinds[model]
  if ('fixed' in kind) return kind.fixed()
  return prepareKind(kind, given)
}

function prepareKind(kind: LearnedKind, given: TrainSettings): Preparation {
  const { normalizer, preTokenizer, postProcessor, decoder, initialAlphabet, ...rest } = given
  const cutting = {
    normalizer: normalizer === undefined ? kind.cutting.normalizer : normalizer,
    pre_tokenizer: preTokenizer === undefined ? kind.cutting.pre_tokenizer : preTokenizer,
  }
  const usual = kind.defaults(cutting)
  const specialTokens = given.specialTokens ?? usual.specialTokens
  const chosen = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  const settings: LearnSettings = {
    minFrequency: 0,
    ...usual,
    ...chosen,
    specialTokens,
    named: given.named ? present(given.named, specialTokens) : rolesOf(specialTokens, usual.named),
    initialAlphabet: initialAlphabet ? [...initialAlphabet] : usual.initialAlphabet,
  }
  checkSettings(settings)
  const read = <T>(json: Json | null, name: string, reader: (field: Field) => T) =>
    json === null ? undefined : reader(new Field('the settings', json, name))
  const counter = new WordCounter({
    normalizer: read(cutting.normalizer, 'normalizer', readNormalizer),
    preTokenizer: read(cutting.pre_tokenizer, 'pre_tokenizer', readPreTokenizer),
  })
  let words: WordCounts = new Map()
  return {
    counter,
    *learn() {
      words = yield* counter.counts()
      const learned = yield* kind.learn(words, settings, cutting)
      const around = kind.around(settings, cutting)
      const parsed = parseTokenizer({
        version: '1.0',
        added_tokens: settings.specialTokens.map((content, id) => ({ id, content, special: true })),
        ...cutting,
        post_processor: postProcessor === undefined ? around.post_processor : postProcessor,
        decoder: decoder === undefined ? around.decoder : decoder,
        model: learned,
      })
      return new Tokenizer({ ...parsed.stages, named: settings.named })
    },
    *measure({ stages: { model } }) {
      let [tokens, seen] = [0, 0]
      try {
        for (const [word, count] of words) {
          tokens += (count * model.tokenize(word).length) / 3
          if (++seen % wordsAtOnce === 0) yield
        }
      } catch (error) {
        if (error instanceof PellucidError && error.code === 'UNKNOWN_PIECE') return undefined
        throw error
      }
      return tokens
    },
  }
}
