/** Unigram to be learned, as SentencePiece does and T5 uses it: words keep the space before them, and texts end with `</s>`. */
import type { Json } from '../field.ts'
import { metaspace, normalizers, replaceAll, template } from '../stage-json.ts'
import { stagesAround } from './around.ts'
import type { LearnedKind, LearnProgress, LearnSettings, WordCounts } from './kind.ts'
import { learnUnigram, type ScoredPiece } from './unigram-learning.ts'

function* learn(words: WordCounts, settings: LearnSettings): Generator<LearnProgress, Json> {
  const { vocabSize, minFrequency, specialTokens, named, initialAlphabet, maxTokenLength } = settings
  const { shrinkingFactor, subIterations, seedSize } = settings
  const pieces = yield* learnUnigram(words, {
    vocabSize,
    minFrequency,
    initialAlphabet,
    reserved: specialTokens,
    maxPieceLength: maxTokenLength,
    shrinkingFactor,
    subIterations,
    seedSize,
  })
  const unknown = named.unk === undefined ? -1 : specialTokens.indexOf(named.unk)
  return {
    type: 'Unigram',
    unk_id: unknown < 0 ? null : unknown,
    vocab: [...specialTokens.map((token): ScoredPiece => [token, 0]), ...pieces],
    byte_fallback: false,
  }
}

/** `A </s>`, and `A </s> B </s>` (Raffel et al. 2020). */
const endTemplate = (end: string, specialTokens: readonly string[]): Json =>
  template(['$A', end], ['$A', end, '$B', end], (token) => specialTokens.indexOf(token))

export const unigramKind: LearnedKind = {
  description: "Unigram, as T5's",
  takes: ['initialAlphabet', 'maxTokenLength', 'shrinkingFactor', 'subIterations', 'seedSize'],
  cutting: {
    normalizer: normalizers({ type: 'Nmt' }, { type: 'NFKC' }, replaceAll(' {2,}', ' ')),
    pre_tokenizer: metaspace('always'),
  },
  defaults: () => ({
    vocabSize: 8000,
    specialTokens: ['<pad>', '</s>', '<unk>'],
    named: { pad: '<pad>', eos: '</s>', unk: '<unk>' },
  }),
  around(settings, cutting) {
    const { post_processor, decoder } = stagesAround(settings, cutting)
    const { eos } = settings.named
    return { post_processor: post_processor ?? (eos ? endTemplate(eos, settings.specialTokens) : null), decoder }
  },
  learn,
}
