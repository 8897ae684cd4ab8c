/** Vocabularies of whole words, and of characters: what occurs, the most frequent first. */
import type { Json } from '../field.ts'
import { characterPattern } from '../patterns/scanners.ts'
import { split } from '../stage-json.ts'
import { codePointOrder } from '../text/unicode.ts'
import { stagesAround } from './around.ts'
import type { LearnedKind, LearnProgress, LearnSettings, WordCounts } from './kind.ts'

/** The special tokens, then the words, the most frequent first and equals in the order of their code points. */
export function frequentFirst(words: WordCounts, settings: LearnSettings): string[] {
  const { vocabSize, minFrequency, specialTokens } = settings
  const special = new Set(specialTokens)
  const sorted = [...words]
    .filter(([word, count]) => count >= minFrequency && !special.has(word))
    .sort(([a, m], [b, n]) => n - m || codePointOrder(a, b))
    .map(([word]) => word)
  return [...specialTokens, ...sorted].slice(0, vocabSize)
}

function* learnWords(words: WordCounts, settings: LearnSettings): Generator<LearnProgress | undefined, Json> {
  const tokens = frequentFirst(words, settings)
  return {
    type: 'WordLevel',
    vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    unk_token: settings.named.unk ?? '<unk>',
  }
}

const specialTokens = ['<pad>', '<unk>', '<s>', '</s>']
const named = { pad: '<pad>', unk: '<unk>', bos: '<s>', eos: '</s>' }

export const wordsKind: LearnedKind = {
  description: 'whole words, the most frequent ones',
  takes: [],
  cutting: { normalizer: null, pre_tokenizer: { type: 'Whitespace' } },
  defaults: () => ({ vocabSize: 30_000, specialTokens, named }),
  around: stagesAround,
  learn: learnWords,
}

export const charactersKind: LearnedKind = {
  description: 'characters',
  takes: [],
  cutting: {
    normalizer: null,
    pre_tokenizer: split(characterPattern, 'Isolated'),
  },
  defaults: () => ({ vocabSize: Number.POSITIVE_INFINITY, specialTokens, named }),
  around: stagesAround,
  learn: learnWords,
}
