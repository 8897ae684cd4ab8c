/** What is learned under many settings, against what Hugging Face's trainers learned under them. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Field } from '../field.ts'
import { readPreTokenizer } from '../pre-tokenizers/index.ts'
import { alphabetOf } from './alphabet.ts'
import { WordCounter } from './count-words.ts'
import type { LearnSettings } from './kind.ts'
import { learningMerges } from './learn-merges.ts'
import type { TrainSettings } from './preparation.ts'
import { trainTokenizer } from './train.ts'

const folder = new URL('../../../test/oracles/data/tokenizers/', import.meta.url)
const readJson = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
const corpus: string[] = readJson('bpe-training/corpus.json')

type Case = {
  texts?: string[]
  settings: TrainSettings
  /** Special tokens and characters, in the order of their ids. */
  alphabet?: string[]
  /** Tokens after those. */
  tokens: string[]
  merges?: string[]
}
const cases: Case[] = readJson('training.json')

function finish<T>(work: Generator<unknown, T>): T {
  let next = work.next()
  while (!next.done) next = work.next()
  return next.value
}

const affixed = ({ settings }: Case) => Boolean(settings.continuingPrefix ?? settings.endOfWord)
const title = ({ texts, settings: { model, ...rest } }: Case) =>
  `${model}${texts ? '' : ' on the corpus'} ${JSON.stringify(rest)}`
const numbered = (some: Case[]) => some.map((each, i) => [`${i}: ${title(each)}`, each] as const)

describe('the same tokens and merges', () => {
  it.each(numbered(cases.filter((each) => !affixed(each))))('%s', async (_, each) => {
    const tokenizer = await trainTokenizer(each.texts ?? corpus, each.settings)
    const { vocab, merges } = tokenizer.toJSON().model as { vocab: Record<string, number>; merges?: string[][] }
    const tokens = Object.keys(vocab).sort((a, b) => vocab[a]! - vocab[b]!)
    expect(tokens).toEqual([...(each.alphabet ?? []), ...each.tokens])
    expect(merges?.map((pair) => pair.join(' '))).toEqual(each.merges)
  })
})

describe('the same tokens and merges from the same alphabet, whose order is that of a hash table there', () => {
  it.each(numbered(cases.filter(affixed)))('%s', (_, { texts = corpus, settings, ...each }) => {
    const counter = new WordCounter({ preTokenizer: readPreTokenizer(new Field('', settings.preTokenizer)) })
    for (const text of texts) counter.add(text)
    const words = finish(counter.counts())
    const ours = finish(alphabetOf(words, { named: {}, minFrequency: 0, ...settings } as LearnSettings))
    expect([...ours].sort()).toEqual([...each.alphabet!].sort())
    const learned = finish(
      learningMerges(words, {
        ...(settings as LearnSettings),
        alphabet: each.alphabet!,
        prefix: settings.continuingPrefix,
        suffix: settings.endOfWord,
      }),
    )
    expect(learned.tokens).toEqual([...each.alphabet!, ...each.tokens])
    expect(learned.merges.map((pair) => pair.join(' '))).toEqual(each.merges)
  })
})
