/** Tokenizer classes that read texts as SentencePiece itself does, but number its pieces or put tokens around texts in their own way. */
import type { NamedTokens } from '../config.ts'
import type { Json } from '../field.ts'
import { replace, replaceAll, spaceMark, strip, template } from '../stage-json.ts'
import type { Options } from './assemble.ts'
import { m2m100Languages, wmt21Languages } from './languages.ts'
import type { Named } from './sentencepiece-family.ts'
import { languageFirst, languageLast, languageOf } from './translation-families.ts'

export type ExactFamily = {
  readonly named: NamedTokens
  readonly maskTakesSpace?: true
  /** The ids of the pieces are those of vocab.json beside the model. */
  readonly idsInVocabulary?: true
  /** The tokens by id, from the pieces. Without it: the pieces as they are. */
  readonly arrange?: (pieces: readonly string[], options: Named) => readonly (string | undefined)[]
  /** Special tokens of the class, which have ids after the pieces. */
  readonly extra?: (options: Named) => readonly string[]
  /** Normalizers before SentencePiece's own. */
  readonly normalizers?: (options: Options) => readonly Json[]
  /** Without it, special tokens stand where `add_bos_token` and `add_eos_token` ask for them. */
  readonly postProcessor?: (options: Options) => Json | null
}

const named = { bos: '<s>', eos: '</s>', unk: '<unk>', pad: '<pad>' }
const separated = { ...named, sep: '</s>', cls: '<s>' }

const underlined = (code: string) => `__${code}__`
const isWmt = ({ text }: Pick<Named, 'text'>) => text('language_codes', ['m2m100', 'wmt21']) === 'wmt21'

/** Fan et al. 2021: the language, the text, its end. */
const m2m100: ExactFamily = {
  named: { ...separated, cls: undefined },
  idsInVocabulary: true,
  extra: (options) => (isWmt(options) ? wmt21Languages : m2m100Languages).map(underlined),
  postProcessor: (options) => languageFirst(languageOf(options, 'src_lang', 'en', underlined), options),
}

const mustcLanguages = ['pt', 'fr', 'ru', 'nl', 'ro', 'it', 'es', 'de']
const marked = (code: string) => `<lang:${code}>`

/** Wang et al. 2020: the text and its end; before them the language, for several. */
const speech2Text: ExactFamily = {
  named,
  idsInVocabulary: true,
  postProcessor(options) {
    const { eos = '' } = options.named
    if (options.settings.get('lang_codes').missing) return template(['$A', eos], ['$A', '$B', eos], options.idOf)
    return languageFirst(languageOf(options, 'tgt_lang', mustcLanguages[0]!, marked), options)
  },
}

const programs = ['java', 'python', 'en_XX', 'javascript', 'php', 'ruby', 'go'].map(underlined)
const isMulti = ({ text }: Pick<Named, 'text'>) => text('language_codes', ['base', 'multi']) === 'multi'

/** Ahmad et al. 2021: the text, its end, its language if one is named. */
const plBart: ExactFamily = {
  named: { ...separated, mask: '<mask>' },
  maskTakesSpace: true,
  arrange: (pieces, options) => [
    ...[options.named.bos, options.named.pad, options.named.eos, options.named.unk],
    ...pieces.slice(3),
    ...(isMulti(options) ? programs : programs.slice(0, 3)),
  ],
  extra: (options) => (isMulti(options) ? programs : programs.slice(0, 3)),
  postProcessor(options) {
    const spell = (code: string) => (code.startsWith('__') ? code : underlined(code))
    // Of the seven languages of the larger vocabulary one is always named.
    const several = options.idOf(programs.at(-1)!) !== undefined
    if (several || !options.settings.get('src_lang').missing)
      return languageLast(languageOf(options, 'src_lang', 'en_XX', spell), options)
    return endTemplate(options)
  },
}

const endTemplate = ({ named: { eos = '' }, idOf }: Options) => template(['$A', eos], ['$A', '$B', eos], idOf)

const bertGeneration: ExactFamily = { named: { ...named, sep: '<::::>' } }

/** Ao et al. 2022: characters, and the end. */
const speechT5: ExactFamily = { named, postProcessor: endTemplate }

/** Ekgren et al. 2022: control characters go, wide spaces become plain ones. */
const gptSw3: ExactFamily = {
  named: { bos: '<s>', eos: '<|endoftext|>', unk: '<unk>', pad: '<pad>' },
  normalizers: () => [
    replaceAll('[\\x{00}-\\x{08}\\x{0b}-\\x{1f}\\x{7f}-\\x{a0}\\x{ad}\\x{200b}]', ''),
    replaceAll('[\\x{2002}\\x{2003}\\x{2005}\\x{2008}\\x{2009}\\x{200a}\\x{202f}\\x{3000}\\x{fffc}]', ' '),
    { type: 'NFC' },
  ],
}

/** Zhai et al. 2023: captions without punctuation and, by default, without case. */
const siglip: ExactFamily = {
  named: { eos: '</s>', unk: '<unk>', pad: '</s>' },
  normalizers: ({ flag }) => [
    replace(spaceMark, ' '),
    { type: 'Prepend', prepend: spaceMark },
    ...(flag('do_lower_case', true) ? [{ type: 'Lowercase' }] : []),
    replaceAll('[!-/:-@\\[-`{-~]', ''),
    replaceAll('\\s+', ' '),
    strip(true, true),
  ],
  postProcessor: ({ named: { eos = '' }, idOf }) => template(['$A', eos], ['$A', eos, '$B', eos], idOf),
}

/** By the name of the tokenizer's class in transformers, without `Tokenizer` and `Fast`. */
export const exactFamilies: Readonly<Record<string, ExactFamily>> = {
  M2M100: m2m100,
  Speech2Text: speech2Text,
  PLBart: plBart,
  BertGeneration: bertGeneration,
  SpeechT5: speechT5,
  GPTSw3: gptSw3,
  Siglip: siglip,
}
