/** Vocabulary and merges in files of their own (vocab.json and merges.txt), with the stages of the tokenizer classes that use them. */
import { gpt2Named } from '../byte-level.ts'
import type { NamedTokens } from '../config.ts'
import type { Field, Json } from '../field.ts'
import {
  bertNormalizer,
  byteLevel,
  decoders,
  normalizers,
  preTokenizers,
  replace,
  replaceAll,
  robertaProcessing,
  split,
  template,
} from '../stage-json.ts'
import type { Options, Parts, StageJson } from './assemble.ts'
import { sequenceNamed } from './sentencepiece-family.ts'
import { contentOf, type Settings } from './settings.ts'

export type BpeFamily = {
  readonly named: NamedTokens
  readonly maskTakesSpace?: true
  /** Special tokens of the class. */
  readonly extra?: readonly string[]
  /** What the model needs beside its vocabulary and merges. */
  readonly model?: (named: NamedTokens) => Json
  readonly stages: (options: Options) => StageJson
}

const clipPattern =
  "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"
const qwen2Pattern =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

const endOfText = '<|endoftext|>'
const wordsEnd = (named: NamedTokens): Json => ({ unk_token: named.unk ?? null, end_of_word_suffix: '</w>' })

const byteLevelStages = ({ flag }: Options): StageJson => ({
  pre_tokenizer: byteLevel({ addPrefixSpace: flag('add_prefix_space', false) }),
  decoder: byteLevel(),
})

/** Radford et al. 2019. */
export const gpt2: BpeFamily = {
  named: gpt2Named,
  stages: byteLevelStages,
}

/** Radford et al. 2022: what is to be done stands before a transcript. */
const whisper: BpeFamily = {
  named: gpt2Named,
  stages(options) {
    const {
      named: { eos = '' },
      settings,
      flag,
      idOf,
    } = options
    const said = (name: string, choices?: readonly string[]) => {
      const field = settings.get(name)
      if (field.missing) return []
      const token = `<|${choices ? field.oneOf(choices) : field.string().toLowerCase()}|>`
      if (idOf(token) === undefined) field.fail('a language by its code, such as "en", that the vocabulary has')
      return [token]
    }
    const before = [
      '<|startoftranscript|>',
      ...said('language'),
      ...said('task', ['transcribe', 'translate']),
      ...(flag('predict_timestamps', false) ? [] : ['<|notimestamps|>']),
    ]
    return {
      ...byteLevelStages(options),
      post_processor: template([...before, '$A', eos], [...before, '$A', '$B', eos], idOf),
    }
  },
}

const gptNeox: BpeFamily = {
  named: { ...gpt2.named, pad: '<|padding|>' },
  stages: (options) => ({ ...byteLevelStages(options), normalizer: { type: 'NFC' } }),
}

/** Liu et al. 2019; BART and others use the same. */
const roberta: BpeFamily = {
  named: sequenceNamed,
  stages(options) {
    const { named, flag, idOf } = options
    const processing = { trimOffsets: flag('trim_offsets', true), addPrefixSpace: flag('add_prefix_space', false) }
    return {
      ...byteLevelStages(options),
      post_processor:
        named.sep && named.cls ? robertaProcessing({ sep: named.sep, cls: named.cls }, idOf, processing) : null,
    }
  },
}

/** He et al. 2020. */
const deberta: BpeFamily = {
  named: { bos: '[CLS]', eos: '[SEP]', sep: '[SEP]', cls: '[CLS]', unk: '[UNK]', pad: '[PAD]', mask: '[MASK]' },
  stages(options) {
    const { cls = '', sep = '' } = options.named
    const post_processor = template([cls, '$A', sep], [cls, '$A', sep, sep, '$B', sep], options.idOf)
    return { ...byteLevelStages(options), post_processor }
  },
}

/** Radford et al. 2021: lower case, and words that end in `</w>`, which decoding turns into spaces. */
const clip: BpeFamily = {
  named: { bos: '<|startoftext|>', eos: endOfText, unk: endOfText, pad: endOfText },
  model: wordsEnd,
  stages: ({ named, idOf }) => ({
    normalizer: normalizers({ type: 'NFC' }, replaceAll('\\s+', ' '), { type: 'Lowercase' }),
    pre_tokenizer: preTokenizers(split(clipPattern, 'Removed', true), byteLevel()),
    decoder: decoders(byteLevel(), replace('</w>', ' '), { type: 'Strip', content: ' ', start: 0, stop: 1 }),
    post_processor:
      named.eos && named.bos
        ? robertaProcessing({ sep: named.eos, cls: named.bos }, idOf, { trimOffsets: false, addPrefixSpace: false })
        : null,
  }),
}

/** Radford et al. 2018: the words of BERT's splitting, as characters. */
const openaiGpt: BpeFamily = {
  named: { unk: '<unk>' },
  model: wordsEnd,
  stages: () => ({
    normalizer: bertNormalizer(),
    pre_tokenizer: { type: 'BertPreTokenizer' },
    decoder: { type: 'BPEDecoder', suffix: '</w>' },
  }),
}

const herbert: BpeFamily = {
  named: { cls: '<s>', unk: '<unk>', pad: '<pad>', mask: '<mask>', sep: '</s>' },
  model: wordsEnd,
  stages: ({ named, idOf }) => ({
    normalizer: bertNormalizer({ lowercase: false, stripAccents: false }),
    pre_tokenizer: { type: 'BertPreTokenizer' },
    decoder: { type: 'BPEDecoder', suffix: '</w>' },
    post_processor: {
      type: 'BertProcessing',
      sep: [named.sep, idOf(named.sep ?? '')],
      cls: [named.cls, idOf(named.cls ?? '')],
    },
  }),
}

const qwen2: BpeFamily = {
  named: { unk: endOfText, eos: endOfText, pad: endOfText },
  stages: ({ flag }) => ({
    normalizer: { type: 'NFC' },
    pre_tokenizer: preTokenizers(
      split(qwen2Pattern, 'Isolated'),
      byteLevel({ addPrefixSpace: flag('add_prefix_space', false), useRegex: false }),
    ),
    decoder: byteLevel(),
  }),
}

const blenderbot: BpeFamily = {
  named: sequenceNamed,
  maskTakesSpace: true,
  stages: ({ flag }) => ({
    pre_tokenizer: byteLevel({ addPrefixSpace: flag('add_prefix_space', true) }),
    decoder: byteLevel(),
  }),
}

/** By the name of the tokenizer's class in transformers, without `Tokenizer` and `Fast`. */
export const bpeFamilies: Readonly<Record<string, BpeFamily>> = {
  GPT2: gpt2,
  CodeGen: gpt2,
  Whisper: whisper,
  GPTNeoX: gptNeox,
  Roberta: roberta,
  Bart: roberta,
  LED: roberta,
  Longformer: roberta,
  Mvp: roberta,
  LayoutLMv3: roberta,
  Luke: { ...roberta, extra: ['<ent>', '<ent2>', '[UNK]', '[PAD]', '[MASK]', '[MASK2]'] },
  Deberta: deberta,
  CLIP: clip,
  OpenAIGPT: openaiGpt,
  Herbert: herbert,
  Qwen2: qwen2,
  Blenderbot: blenderbot,
}

/** The family that a vocabulary itself points to, for directories that do not say. */
export function guessBpeFamily(vocabulary: Field, merges: readonly (readonly [string, string])[]): BpeFamily {
  const tokens = vocabulary.object()
  if (!merges.some(([, right]) => right.endsWith('</w>'))) return '<mask>' in tokens && '<s>' in tokens ? roberta : gpt2
  return '<|startoftext|>' in tokens ? clip : openaiGpt
}

/** Vocabulary (`{ token: id }`) and merges → the parts of a tokenizer. */
export function bpeParts(
  family: BpeFamily,
  vocabulary: Field,
  merges: readonly (readonly [string, string])[],
  settings: Settings,
): Parts {
  const tokens = vocabulary.object()
  const idOf = (token: string) => (Object.hasOwn(tokens, token) ? (tokens[token] as number) : undefined)
  let size = 0
  for (const token of Object.keys(tokens)) size = Math.max(size, (tokens[token] as number) + 1)
  const named = { unk: contentOf(settings.field.get('unk_token')) ?? family.named.unk }
  return {
    settings,
    named: family.named,
    maskTakesSpace: family.maskTakesSpace,
    model: { type: 'BPE', ...family.model?.(named), vocab: vocabulary, merges },
    idOf,
    size,
    added: family.extra?.map((content) => ({ content, special: true })),
    stages: family.stages,
  }
}
