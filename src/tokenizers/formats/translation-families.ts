/** Translation models over SentencePiece: fairseq's ids, languages after the pieces, and a language beside each text. */
import { normalizers, replaceAll, strip, template } from '../stage-json.ts'
import type { Options } from './assemble.ts'
import { mbart50Languages, mbartLanguages, nllbLanguages } from './languages.ts'
import {
  markStages,
  type Named,
  type Scored,
  type SentencePieceFamily,
  sequenceNamed,
  singleSpaces,
  wordStages,
  zero,
} from './sentencepiece-family.ts'

/** The special token of the language that the settings name. Errors: `TOKENIZER_FIELD` for one that the vocabulary lacks. */
export function languageOf(
  { settings, idOf }: Options,
  name: 'src_lang' | 'tgt_lang',
  fallback: string,
  spell = (code: string) => code,
): string {
  const given = settings.get(name)
  const token = spell(given.missing ? fallback : given.string())
  if (idOf(token) === undefined) given.fail(`a language of the vocabulary, such as ${JSON.stringify(fallback)}`)
  return token
}

/** The language, the text or texts, their end. */
export const languageFirst = (language: string, { named: { eos = '' }, idOf }: Options) =>
  template([language, '$A', eos], [language, '$A', '$B', eos], idOf)
/** The text or texts, their end, the language if there is one. */
export const languageLast = (language: string, { named: { eos = '' }, idOf }: Options) =>
  template(['$A', eos, language], ['$A', '$B', eos, language], idOf)

/** fairseq's ids: four special tokens, then the pieces after SentencePiece's three. */
const fairseq = (pieces: readonly Scored[], { named }: Named): Scored[] => [
  ...zero([named.bos, named.pad, named.eos, named.unk]),
  ...pieces.slice(3),
]

const mbart: SentencePieceFamily = {
  named: sequenceNamed,
  maskTakesSpace: true,
  arrange: (pieces, options) => [...fairseq(pieces, options), ...zero([...mbartLanguages, options.named.mask])],
  extra: () => mbartLanguages,
  unknownId: () => 3,
  stages: (options) => ({
    ...wordStages('always'),
    post_processor: languageLast(languageOf(options, 'src_lang', 'en_XX'), options),
  }),
}

const mbart50: SentencePieceFamily = {
  named: { ...sequenceNamed, bos: undefined },
  maskTakesSpace: true,
  arrange: (pieces, { named }) => [
    ...zero([named.cls, named.pad, named.eos, named.unk]),
    ...pieces.slice(3),
    ...zero([...mbart50Languages, named.mask]),
  ],
  extra: () => mbart50Languages,
  unknownId: () => 3,
  stages: (options, charsmap) => ({
    ...markStages('always'),
    normalizer: normalizers(...charsmap, singleSpaces),
    post_processor: languageFirst(languageOf(options, 'src_lang', 'en_XX'), options),
  }),
}

/** The languages are added tokens after the pieces, and the mask comes last, as in the published model's embedding. */
const nllb: SentencePieceFamily = {
  named: sequenceNamed,
  maskTakesSpace: true,
  arrange: fairseq,
  extra: () => nllbLanguages,
  bpe: ({ unk = null }) => ({ fuse_unk: true, unk_token: unk }),
  stages(options, charsmap) {
    const language = languageOf(options, 'src_lang', 'eng_Latn')
    const place = options.flag('legacy_behaviour', false) ? languageLast : languageFirst
    return {
      ...markStages('always'),
      normalizer: charsmap.length > 0 ? normalizers(...charsmap, singleSpaces) : null,
      post_processor: place(language, options),
    }
  },
}

const underlined = (code: string) => (code.includes('__') ? code : `__${code}__`)

const seamless: SentencePieceFamily = {
  named: { bos: '<s>', eos: '</s>', sep: '</s>', cls: '<s>', unk: '<unk>', pad: '<pad>' },
  arrange: (pieces, { named }) => [...zero([named.pad, named.unk, named.bos, named.eos]), ...pieces.slice(3)],
  bpe: ({ unk = null }) => ({ fuse_unk: true, unk_token: unk }),
  unknownId: () => 1,
  stages(options) {
    const { settings, named, idOf } = options
    const { eos = '' } = named
    const plain = settings.get('src_lang').missing && idOf('__eng__') === undefined
    return {
      ...markStages('first'),
      normalizer: normalizers(
        replaceAll('[\\n\\r\\t]', ' '),
        { type: 'NFKC' },
        strip(false, true),
        replaceAll(' +▁', '▁'),
        replaceAll('^▁+$', ''),
        replaceAll(' {2,}', '▁'),
      ),
      post_processor: plain
        ? template(['$A', eos], ['$A', '$B', eos], idOf)
        : languageFirst(languageOf(options, 'src_lang', 'eng', underlined), options),
    }
  },
}

export const translationFamilies: Readonly<Record<string, SentencePieceFamily>> = {
  MBart: mbart,
  MBart50: mbart50,
  Nllb: nllb,
  SeamlessM4T: seamless,
}
