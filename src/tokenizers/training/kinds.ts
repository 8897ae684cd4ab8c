/** What can be learned: the kinds of models by name. The command's choices and its help come from here. */
import { byteTokenizer } from '../byte-level.ts'
import { bytePairKind } from './byte-pairs.ts'
import type { TrainingKind } from './kind.ts'
import { unigramKind } from './unigram.ts'
import { wordPieceKind } from './word-pieces.ts'
import { charactersKind, wordsKind } from './words.ts'

export const trainingKinds = {
  bpe: bytePairKind,
  wordpiece: wordPieceKind,
  unigram: unigramKind,
  words: wordsKind,
  characters: charactersKind,
  bytes: { description: 'bytes, as ByT5 numbers them: nothing is learned', fixed: () => byteTokenizer() },
} as const satisfies Record<string, TrainingKind>

export type TrainingKindName = keyof typeof trainingKinds
