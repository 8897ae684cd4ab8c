/** What tokenizer classes of transformers make of a SentencePiece model: which ids its pieces get, and the stages around it. */
import type { NamedTokens } from '../config.ts'
import type { Json } from '../field.ts'
import {
  fusedDecoder,
  metaspace,
  normalizers,
  preTokenizers,
  replace,
  replaceAll,
  spaceMark,
  strip,
  template,
} from '../stage-json.ts'
import type { Options, StageJson } from './assemble.ts'

/** A piece and its log probability. */
export type Scored = readonly [piece: string, score: number]

export type SentencePieceFamily = {
  readonly named: NamedTokens
  readonly maskTakesSpace?: true
  /** The vocabulary in the order of its ids. Without it: the pieces as they are. */
  readonly arrange?: (pieces: readonly Scored[], options: Named) => readonly Scored[]
  /** The id of the unknown token, from the vocabulary and the id that the model file gives it. A family without it is BPE. */
  readonly unknownId?: (vocabulary: readonly Scored[], given: number, named: NamedTokens) => number
  /** Fields of a BPE model. */
  readonly bpe?: (named: NamedTokens) => Json
  /** Special tokens of the class. */
  readonly extra?: (options: Named) => readonly string[]
  /** `charsmap`: the normalizer of the model file, if it has one. */
  readonly stages: (options: Options, charsmap: readonly Json[]) => StageJson
}

/** Roles and whole numbers of the settings. */
export type Named = { readonly named: NamedTokens; readonly count: (name: string, fallback: number) => number }

const zero = (tokens: readonly (string | undefined)[]): Scored[] =>
  tokens.flatMap((token): Scored[] => (token === undefined ? [] : [[token, 0]]))
const sequenceNamed = { bos: '<s>', eos: '</s>', sep: '</s>', cls: '<s>', unk: '<unk>', pad: '<pad>', mask: '<mask>' }
const bertNamed = {
  bos: '[CLS]',
  eos: '[SEP]',
  unk: '<unk>',
  sep: '[SEP]',
  pad: '<pad>',
  cls: '[CLS]',
  mask: '[MASK]',
}
const prefixScheme = ({ flag }: Options) => (flag('add_prefix_space', true) ? 'always' : 'never')
const singleSpaces = replaceAll(' {2,}', ' ')

/** Words are what stands between white space; each begins with a mark. */
const wordStages = (scheme: 'always' | 'never'): StageJson => ({
  pre_tokenizer: preTokenizers({ type: 'WhitespaceSplit' }, metaspace(scheme)),
  decoder: metaspace(scheme),
})
const markStages = (scheme: 'always' | 'never'): StageJson => ({
  pre_tokenizer: metaspace(scheme),
  decoder: metaspace(scheme),
})

const whole = (charsmap: readonly Json[]): Json | null => charsmap[0] ?? null

/** `[CLS] A [SEP]`, `[CLS] A [SEP] B [SEP]`. */
const bertTemplate = ({ named: { cls = '', sep = '' }, idOf }: Options): Json =>
  template([cls, '$A', sep], [cls, '$A', sep, ['$B', 1], [sep, 1]], idOf)
/** `<s> A </s>`, `<s> A </s></s> B </s>`. */
const robertaTemplate = ({ named: { bos = '', eos = '' }, idOf }: Options): Json =>
  template([bos, '$A', eos], [bos, '$A', eos, eos, '$B', eos], idOf)

/** Quotes, accents and case as ALBERT and XLNet treat them before the model's own normalizer. */
const plainLetters = (keepAccents: boolean, lowercase: boolean): Json[] => [
  replace('``', '"'),
  replace("''", '"'),
  ...(keepAccents ? [] : [{ type: 'NFKD' }, { type: 'StripAccents' }]),
  ...(lowercase ? [{ type: 'Lowercase' }] : []),
]

const sentinels = ({ count }: Named) => Array.from({ length: count('extra_ids', 100) }, (_, i) => `<extra_id_${i}>`)

const t5: SentencePieceFamily = {
  named: { eos: '</s>', unk: '<unk>', pad: '<pad>' },
  arrange: (pieces, options) => [...pieces, ...zero(sentinels(options).reverse())],
  extra: sentinels,
  unknownId: () => 2,
  stages: ({ named: { eos = '' }, idOf }, charsmap) => ({
    ...wordStages('always'),
    normalizer: whole(charsmap),
    post_processor: template(['$A', eos], ['$A', eos, '$B', eos], idOf),
  }),
}

const albert: SentencePieceFamily = {
  named: bertNamed,
  unknownId: () => 1,
  stages: (options, charsmap) => ({
    ...wordStages(prefixScheme(options)),
    normalizer: normalizers(
      ...plainLetters(options.flag('keep_accents', false), options.flag('do_lower_case', true)),
      ...charsmap,
    ),
    post_processor: bertTemplate(options),
  }),
}

const rembert: SentencePieceFamily = {
  named: bertNamed,
  unknownId: () => 2,
  stages(options, charsmap) {
    const [quotes, quotesToo, ...rest] = plainLetters(
      options.flag('keep_accents', true),
      options.flag('do_lower_case', false),
    )
    return {
      ...markStages(prefixScheme(options)),
      normalizer: normalizers(quotes!, quotesToo!, singleSpaces, ...rest, ...charsmap),
      post_processor: bertTemplate(options),
    }
  },
}

const xlnet: SentencePieceFamily = {
  named: {
    bos: '<s>',
    eos: '</s>',
    unk: '<unk>',
    sep: '<sep>',
    pad: '<pad>',
    cls: '<cls>',
    mask: '<mask>',
  },
  maskTakesSpace: true,
  unknownId: (_, given) => given,
  stages({ named: { sep = '', cls = '' }, flag, idOf }, charsmap) {
    return {
      ...wordStages('always'),
      normalizer: normalizers(...plainLetters(false, flag('do_lower_case', false)), ...charsmap),
      post_processor: template(['$A', sep, [cls, 2]], ['$A', sep, ['$B', 1], [sep, 1], [cls, 2]], idOf),
    }
  },
}

/** fairseq's ids: four special tokens, then the pieces after SentencePiece's three, then the mask. */
const xlmRoberta: SentencePieceFamily = {
  named: sequenceNamed,
  arrange: (pieces, { named }) => [
    ...zero([named.bos, named.pad, named.eos, named.unk]),
    ...pieces.slice(3),
    ...zero([named.mask]),
  ],
  unknownId: () => 3,
  stages: (options, charsmap) => ({
    ...wordStages(prefixScheme(options)),
    normalizer: whole(charsmap),
    post_processor: robertaTemplate(options),
  }),
}

const camembert: SentencePieceFamily = {
  named: sequenceNamed,
  maskTakesSpace: true,
  arrange: (pieces, { named }) => [
    ['<s>NOTUSED', 0],
    ...zero([named.pad]),
    ['</s>NOTUSED', 0],
    ...zero([named.unk]),
    ['<unk>NOTUSED', -100],
    ...pieces.slice(1),
    ...zero([named.mask]),
  ],
  unknownId: (vocabulary, _, named) =>
    Math.max(
      0,
      vocabulary.findIndex(([piece]) => piece === named.unk),
    ),
  stages: xlmRoberta.stages,
}

const languages = (
  'ar_AR cs_CZ de_DE en_XX es_XX et_EE fi_FI fr_XX gu_IN hi_IN it_IT ja_XX kk_KZ ko_KR lt_LT lv_LV my_MM ne_NP nl_XX ' +
  'ro_RO ru_RU si_LK tr_TR vi_VN zh_CN'
).split(' ')

/** The text, then its end and its language. */
const mbart: SentencePieceFamily = {
  named: sequenceNamed,
  maskTakesSpace: true,
  arrange: (pieces, { named }) => [
    ...zero([named.bos, named.pad, named.eos, named.unk]),
    ...pieces.slice(3),
    ...zero([...languages, named.mask]),
  ],
  extra: () => languages,
  unknownId: () => 3,
  stages({ named: { eos = '' }, settings, idOf }) {
    const source = settings.get('src_lang')
    const language = source.missing ? 'en_XX' : source.string()
    return {
      ...wordStages('always'),
      post_processor: template(['$A', eos, language], ['$A', '$B', eos, language], idOf),
    }
  },
}

const pegasus: SentencePieceFamily = {
  named: { pad: '<pad>', eos: '</s>', unk: '<unk>', mask: '<mask_2>' },
  arrange: (pieces, { named, count }) => [
    ...zero([named.pad, named.eos, '<mask_1>', named.mask]),
    ...unused(count('offset', 103)).map((token): Scored => [token, -100]),
    ...pieces.slice(2),
  ],
  extra: ({ count }) => ['<mask_1>', ...unused(count('offset', 103))],
  unknownId: (vocabulary, _, named) =>
    Math.max(
      0,
      vocabulary.findIndex(([piece]) => piece === named.unk),
    ),
  stages: ({ named: { eos = '' }, idOf }, charsmap) => ({
    ...markStages('always'),
    normalizer: normalizers(...(charsmap.length > 0 ? charsmap : [replaceAll('\\n', ' ')]), singleSpaces),
    post_processor: template(['$A', eos], ['$A', '$B', eos], idOf),
  }),
}
const unused = (offset: number) => Array.from({ length: Math.max(0, offset - 2) }, (_, i) => `<unk_${i + 2}>`)

const bigBird: SentencePieceFamily = {
  named: { ...bertNamed, bos: '<s>', eos: '</s>' },
  maskTakesSpace: true,
  unknownId: (vocabulary, _, named) => {
    const found = vocabulary.findIndex(([piece, score]) => piece === named.unk && score === 0)
    return found < 0 ? 100 : found
  },
  stages: (options) => ({
    ...markStages(prefixScheme(options)),
    normalizer: normalizers(strip(false, false), replaceAll(' {2,}', spaceMark)),
    post_processor: bertTemplate(options),
  }),
}

const debertaV2: SentencePieceFamily = {
  named: { ...bertNamed, unk: '[UNK]', pad: '[PAD]' },
  unknownId: (vocabulary, given, named) => {
    const found = vocabulary.findIndex(([piece, score]) => piece === named.unk && score === 0)
    return found < 0 ? given : found
  },
  stages(options) {
    const scheme = options.flag('add_prefix_space', true) ? 'always' : 'first'
    const punctuation = options.flag('split_by_punct', false) ? [{ type: 'Punctuation', behavior: 'Isolated' }] : []
    return {
      normalizer: normalizers(
        ...(options.flag('do_lower_case', false) ? [{ type: 'Lowercase' }] : []),
        replaceAll('\\s{2,}|[\\n\\r\\t]', ' '),
        { type: 'NFC' },
        strip(false, true),
      ),
      pre_tokenizer: preTokenizers(...punctuation, metaspace(scheme)),
      decoder: metaspace(scheme),
      post_processor: bertTemplate(options),
    }
  },
}

/** Touvron et al. 2023: BPE with bytes for what is unknown; the text as a whole begins with a mark. */
const llama: SentencePieceFamily = {
  named: { bos: '<s>', eos: '</s>', unk: '<unk>' },
  bpe: () => ({ fuse_unk: true, byte_fallback: true }),
  stages({ flag }) {
    const prefix = flag('add_prefix_space', true)
    const scheme = !prefix ? 'never' : flag('legacy', false) ? 'always' : 'first'
    return { pre_tokenizer: metaspace(scheme, false), decoder: fusedDecoder(prefix ? 1 : 0) }
  },
}

const gemma: SentencePieceFamily = {
  named: { bos: '<bos>', eos: '<eos>', unk: '<unk>', pad: '<pad>', mask: '<mask>' },
  bpe: ({ unk = null }) => ({ fuse_unk: true, byte_fallback: true, unk_token: unk }),
  stages: () => ({
    normalizer: replace(' ', spaceMark),
    pre_tokenizer: { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithPrevious', invert: false },
    decoder: fusedDecoder(0),
  }),
}

const reformer: SentencePieceFamily = {
  named: { eos: '</s>', unk: '<unk>' },
  bpe: ({ unk = null }) => ({ fuse_unk: true, unk_token: unk }),
  stages: (_, charsmap) => ({
    ...markStages('always'),
    normalizer: charsmap.length > 0 ? normalizers(...charsmap, singleSpaces) : null,
  }),
}

/** By the name of the tokenizer's class in transformers, without `Tokenizer` and `Fast`. */
export const sentencePieceFamilies: Readonly<Record<string, SentencePieceFamily>> = {
  T5: t5,
  MT5: t5,
  Albert: albert,
  FNet: albert,
  RemBert: rembert,
  XLNet: xlnet,
  XLMRoberta: xlmRoberta,
  Camembert: camembert,
  MBart: mbart,
  Pegasus: pegasus,
  BigBird: bigBird,
  DebertaV2: debertaV2,
  Llama: llama,
  Gemma: gemma,
  Reformer: reformer,
}

/** Classes that give the pieces other ids by rules that are not here: taking the pieces as they are would read texts wrongly. */
export const rearrangingClasses: readonly string[] = [
  'Barthez',
  'Bartpho',
  'CpmAnt',
  'Cpm',
  'ErnieM',
  'M2M100',
  'MBart50',
  'MLuke',
  'Nllb',
  'PLBart',
  'SeamlessM4T',
  'Speech2Text',
  'XGLM',
  'XLMProphetNet',
]
