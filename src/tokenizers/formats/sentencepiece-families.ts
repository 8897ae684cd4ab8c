/** What tokenizer classes of transformers make of a SentencePiece model: which ids its pieces get, and the stages around it. */
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
import { endsTemplate } from './assemble.ts'
import {
  bertNamed,
  bertTemplate,
  markStages,
  type Named,
  prefixScheme,
  robertaTemplate,
  type Scored,
  type SentencePieceFamily,
  sequenceNamed,
  singleSpaces,
  whole,
  wordStages,
  zero,
} from './sentencepiece-family.ts'
import { translationFamilies } from './translation-families.ts'

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

/** ALBERT's, but that accents and case stay. */
const fnet: SentencePieceFamily = {
  named: { unk: '<unk>', sep: '[SEP]', pad: '<pad>', cls: '[CLS]', mask: '[MASK]' },
  maskTakesSpace: true,
  unknownId: (_, given) => given,
  stages: (options, charsmap) => ({
    ...wordStages(prefixScheme(options)),
    normalizer: normalizers(
      ...plainLetters(options.flag('keep_accents', true), options.flag('do_lower_case', false)),
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
  padsLeft: true,
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

const madeUpWords = Array.from({ length: 7 }, (_, i) => `<madeupword${i}>`)

/** Lin et al. 2022: the end of a text stands before it. */
const xglm: SentencePieceFamily = {
  named: { ...sequenceNamed, mask: undefined },
  arrange: (pieces, { named }) => [
    ...zero([named.bos, named.pad, named.eos, named.unk]),
    ...pieces.slice(3),
    ...zero(madeUpWords),
  ],
  extra: () => madeUpWords,
  unknownId: () => 3,
  stages(options, charsmap) {
    const {
      named: { eos = '' },
      idOf,
    } = options
    return {
      ...markStages(prefixScheme(options)),
      normalizer: normalizers(...charsmap, singleSpaces),
      post_processor: template([eos, '$A'], [eos, '$A', eos, eos, '$B'], idOf),
    }
  },
}

/** Eddine et al. 2020: the model file has fairseq's ids itself. */
const barthez: SentencePieceFamily = {
  named: sequenceNamed,
  maskTakesSpace: true,
  unknownId: () => 3,
  stages: (options) => ({
    ...markStages(prefixScheme(options)),
    normalizer: normalizers(replaceAll('\\s{2,}|[\\n\\r\\t]', ' '), { type: 'NFC' }, strip(false, true)),
    post_processor: robertaTemplate(options),
  }),
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
  padsLeft: true,
  named: { bos: '<s>', eos: '</s>', unk: '<unk>' },
  bpe: () => ({ fuse_unk: true, byte_fallback: true }),
  stages({ flag }) {
    const prefix = flag('add_prefix_space', true)
    const scheme = !prefix ? 'never' : flag('legacy', false) ? 'always' : 'first'
    return { pre_tokenizer: metaspace(scheme, false), decoder: fusedDecoder(prefix ? 1 : 0) }
  },
}

const infillingTokens = ['prefix', 'middle', 'suffix', 'eot', 'fill']
const infilling = ['▁<PRE>', '▁<MID>', '▁<SUF>', '▁<EOT>', '<FILL_ME>']

/** Rozière et al. 2023: Llama's, with tokens for what stands around a gap. */
const codeLlama: SentencePieceFamily = {
  padsLeft: true,
  named: llama.named,
  bpe: () => ({ fuse_unk: true, byte_fallback: true, unk_token: '<unk>' }),
  extra: ({ tokenOf }) => infillingTokens.flatMap((name, i) => tokenOf(`${name}_token`, infilling[i]!) ?? []),
  stages: (options) => ({
    pre_tokenizer: metaspace(options.flag('add_prefix_space', true) ? 'first' : 'never', false),
    decoder: fusedDecoder(1),
    post_processor: endsTemplate(options, { bos: true }),
  }),
}

const gemma: SentencePieceFamily = {
  padsLeft: true,
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
  FNet: fnet,
  RemBert: rembert,
  XLNet: xlnet,
  XLMRoberta: xlmRoberta,
  Camembert: camembert,
  Pegasus: pegasus,
  BigBird: bigBird,
  DebertaV2: debertaV2,
  XGLM: xglm,
  Barthez: barthez,
  Llama: llama,
  CodeLlama: codeLlama,
  Gemma: gemma,
  Reformer: reformer,
  ...translationFamilies,
}
