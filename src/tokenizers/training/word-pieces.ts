/** WordPiece to be learned: words cut as BERT cuts them, and pieces found by merging pairs, as Hugging Face's trainer does. */
import type { Json } from '../field.ts'
import { bertNormalizer } from '../stage-json.ts'
import { stagesAround } from './around.ts'
import { learningPairs, vocabJson } from './byte-pairs.ts'
import type { LearnedKind, LearnProgress, LearnSettings, WordCounts } from './kind.ts'

function* learn(words: WordCounts, settings: LearnSettings): Generator<LearnProgress | undefined, Json> {
  const { tokens } = yield* learningPairs(words, settings)
  return {
    type: 'WordPiece',
    unk_token: settings.named.unk ?? '[UNK]',
    continuing_subword_prefix: settings.continuingPrefix ?? '',
    max_input_chars_per_word: 100,
    vocab: vocabJson(tokens),
  }
}

export const wordPieceKind: LearnedKind = {
  description: "WordPiece, as BERT's",
  takes: ['initialAlphabet', 'limitAlphabet', 'maxTokenLength', 'endOfWord', 'continuingPrefix'],
  cutting: {
    normalizer: bertNormalizer(),
    pre_tokenizer: { type: 'BertPreTokenizer' },
  },
  defaults: () => ({
    vocabSize: 8000,
    continuingPrefix: '##',
    specialTokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'],
    named: { pad: '[PAD]', unk: '[UNK]', cls: '[CLS]', sep: '[SEP]', mask: '[MASK]' },
  }),
  around: stagesAround,
  learn,
}
