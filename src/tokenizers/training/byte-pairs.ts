/** Byte pair encoding to be learned: over bytes as GPT-2's (Radford et al. 2019, §2.2), or over characters with any other cutting. */

import { gpt2Named } from '../byte-level.ts'
import type { Json } from '../field.ts'
import { byteLevel } from '../stage-json.ts'
import { byteCharacters } from '../text/bytes.ts'
import { alphabetOf } from './alphabet.ts'
import { preTokenizerStages, stagesAround } from './around.ts'
import type { CuttingJson, LearnedKind, LearnProgress, LearnSettings, WordCounts } from './kind.ts'
import { type Learned, learningMerges } from './learn-merges.ts'

const isByteLevel = (cutting: CuttingJson): boolean =>
  preTokenizerStages(cutting).some(({ type }) => type === 'ByteLevel')

/** Learns merges under the settings of a kind. */
export function* learningPairs(
  words: WordCounts,
  settings: LearnSettings,
): Generator<LearnProgress | undefined, Learned> {
  return yield* learningMerges(words, {
    ...settings,
    alphabet: yield* alphabetOf(words, settings),
    prefix: settings.continuingPrefix,
    suffix: settings.endOfWord,
  })
}

/** Token → id. */
export const vocabJson = (tokens: readonly string[]): Record<string, number> =>
  Object.fromEntries(tokens.map((token, id) => [token, id]))

function* learn(
  words: WordCounts,
  settings: LearnSettings,
  cutting: CuttingJson,
): Generator<LearnProgress | undefined, Json> {
  const { tokens, merges } = yield* learningPairs(words, settings)
  return {
    type: 'BPE',
    dropout: null,
    // Every text can be spelled in bytes.
    unk_token: isByteLevel(cutting) ? null : (settings.named.unk ?? null),
    continuing_subword_prefix: settings.continuingPrefix ?? null,
    end_of_word_suffix: settings.endOfWord ?? null,
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: false,
    vocab: vocabJson(tokens),
    merges,
  }
}

export const bytePairKind: LearnedKind = {
  description: 'byte pair encoding, over bytes as GPT-2 or over characters',
  takes: ['initialAlphabet', 'limitAlphabet', 'maxTokenLength', 'endOfWord', 'continuingPrefix'],
  cutting: {
    normalizer: null,
    pre_tokenizer: byteLevel(),
  },
  defaults: (cutting) =>
    isByteLevel(cutting)
      ? {
          vocabSize: 8000,
          specialTokens: ['<|endoftext|>'],
          named: gpt2Named,
          initialAlphabet: byteCharacters,
        }
      : { vocabSize: 8000, specialTokens: ['<unk>'], named: { unk: '<unk>' } },
  around: stagesAround,
  learn,
}
