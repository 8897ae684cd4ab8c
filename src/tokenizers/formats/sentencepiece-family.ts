/** What a tokenizer class is made of that reads a SentencePiece model, and the stages that several of them have. */
import type { NamedTokens } from '../config.ts'
import type { Json } from '../field.ts'
import { metaspace, preTokenizers, replaceAll, template } from '../stage-json.ts'
import type { Options, StageJson } from './assemble.ts'

/** A piece and its log probability. */
export type Scored = readonly [piece: string, score: number]

export type SentencePieceFamily = {
  readonly named: NamedTokens
  readonly maskTakesSpace?: true
  readonly padsLeft?: true
  /** The vocabulary in the order of its ids. Without it: the pieces as they are. */
  readonly arrange?: (pieces: readonly Scored[], options: Named) => readonly Scored[]
  /** The id of the unknown token, from the vocabulary and the id that the model file gives it. A family without it is BPE; one that has `bpe` too is what the model file is. */
  readonly unknownId?: (vocabulary: readonly Scored[], given: number, named: NamedTokens) => number
  /** Fields of a BPE model. */
  readonly bpe?: (named: NamedTokens) => Json
  /** Special tokens of the class. */
  readonly extra?: (options: Named) => readonly string[]
  /** `charsmap`: the normalizer of the model file, if it has one. */
  readonly stages: (options: Options, charsmap: readonly Json[]) => StageJson
}

/** Roles, whole numbers and further tokens of the settings. */
export type Named = {
  readonly named: NamedTokens
  readonly count: (name: string, fallback: number) => number
  /** The text of a token, or the fallback where the settings do not name it; undefined where they say null. */
  readonly tokenOf: (name: string, fallback: string) => string | undefined
  /** One of several words; the first where the settings do not say. */
  readonly text: (name: string, choices: readonly string[]) => string
}

/** Tokens without a score. */
export const zero = (tokens: readonly (string | undefined)[]): Scored[] =>
  tokens.flatMap((token): Scored[] => (token === undefined ? [] : [[token, 0]]))
/** The tokens of RoBERTa and of many after it. */
export const sequenceNamed = {
  bos: '<s>',
  eos: '</s>',
  sep: '</s>',
  cls: '<s>',
  unk: '<unk>',
  pad: '<pad>',
  mask: '<mask>',
}
export const bertNamed = {
  bos: '[CLS]',
  eos: '[SEP]',
  unk: '<unk>',
  sep: '[SEP]',
  pad: '<pad>',
  cls: '[CLS]',
  mask: '[MASK]',
}
export const prefixScheme = ({ flag }: Options) => (flag('add_prefix_space', true) ? 'always' : 'never')
export const singleSpaces = replaceAll(' {2,}', ' ')

/** Words are what stands between white space; each begins with a mark. */
export const wordStages = (scheme: 'always' | 'never'): StageJson => ({
  pre_tokenizer: preTokenizers({ type: 'WhitespaceSplit' }, metaspace(scheme)),
  decoder: metaspace(scheme),
})
export const markStages = (scheme: 'always' | 'first' | 'never'): StageJson => ({
  pre_tokenizer: metaspace(scheme),
  decoder: metaspace(scheme),
})

export const whole = (charsmap: readonly Json[]): Json | null => charsmap[0] ?? null

/** `[CLS] A [SEP]`, `[CLS] A [SEP] B [SEP]`. */
export const bertTemplate = ({ named: { cls = '', sep = '' }, idOf }: Options): Json =>
  template([cls, '$A', sep], [cls, '$A', sep, ['$B', 1], [sep, 1]], idOf)
/** `<s> A </s>`, `<s> A </s></s> B </s>`. */
export const robertaTemplate = ({ named: { bos = '', eos = '' }, idOf }: Options): Json =>
  template([bos, '$A', eos], [bos, '$A', eos, eos, '$B', eos], idOf)
