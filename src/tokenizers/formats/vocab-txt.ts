/** WordPiece vocabularies, a token on each line (vocab.txt), with the stages of BERT and its kin. */
import type { NamedTokens } from '../config.ts'
import { entryOf } from '../field.ts'
import { bertNormalizer, type Place, robertaProcessing, template } from '../stage-json.ts'
import type { Options, Parts, StageJson } from './assemble.ts'
import { contentOf, type Settings } from './settings.ts'

export type WordPieceFamily = {
  readonly named: NamedTokens
  readonly maskTakesSpace?: true
  /** Settings that name further special tokens, and what these are without them. */
  readonly extra?: Readonly<Record<string, string>>
  readonly postProcessor: (cls: string, sep: string, options: Options) => NonNullable<StageJson['post_processor']>
}

/** `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]` (Devlin et al. 2019), `[CLS]` in the segment `first`. */
const segments =
  (first: number): WordPieceFamily['postProcessor'] =>
  (cls, sep, { idOf }) =>
    template([[cls, first], '$A', sep], [[cls, first], '$A', sep, ['$B', 1], [sep, 1]], idOf)

const bert: WordPieceFamily = {
  named: { unk: '[UNK]', sep: '[SEP]', pad: '[PAD]', cls: '[CLS]', mask: '[MASK]' },
  postProcessor: segments(0),
}

const funnel: WordPieceFamily = {
  named: { bos: '<s>', eos: '</s>', unk: '<unk>', sep: '<sep>', pad: '<pad>', cls: '<cls>', mask: '<mask>' },
  postProcessor: segments(2),
}

const mpnet: WordPieceFamily = {
  named: { bos: '<s>', eos: '</s>', unk: '[UNK]', sep: '</s>', pad: '<pad>', cls: '<s>', mask: '<mask>' },
  maskTakesSpace: true,
  postProcessor: (cls, sep, { idOf }) =>
    robertaProcessing({ sep, cls }, idOf, { trimOffsets: true, addPrefixSpace: false }),
}

/** Ram et al. 2021: between a question and its text stands a token to be answered for. */
const splinter: WordPieceFamily = {
  named: bert.named,
  extra: { question_token: '[QUESTION]' },
  postProcessor(cls, sep, { settings, idOf }) {
    const question = contentOf(settings.get('question_token')) ?? '[QUESTION]'
    const left = settings.get('padding_side').value === 'left'
    const asked = (segment: number): Place[] => [
      [question, segment],
      ['.', segment],
    ]
    const pair: Place[] = left
      ? [cls, '$A', sep, ['$B', 1], ...asked(1), [sep, 1]]
      : [cls, '$A', ...asked(0), sep, ['$B', 1], [sep, 1]]
    return template([cls, '$A', sep], pair, idOf)
  },
}

/** Qi et al. 2020: only the ends of texts are marked. */
const prophetNet: WordPieceFamily = {
  named: { ...bert.named, cls: undefined },
  extra: { x_sep_token: '[X_SEP]' },
  postProcessor: (_, sep, { idOf }) => template(['$A', sep], ['$A', sep, ['$B', 1], [sep, 1]], idOf),
}

/** Classes that differ from BERT's. */
export const wordPieceFamilies: Readonly<Record<string, WordPieceFamily>> = {
  Funnel: funnel,
  MPNet: mpnet,
  Splinter: splinter,
  ProphetNet: prophetNet,
}

/** The text of a vocab.txt → the parts of a tokenizer. */
export function wordPieceParts(className: string | undefined, text: string, settings: Settings): Parts {
  const family = entryOf(wordPieceFamilies, className) ?? bert
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  // A token that stands on two lines has the number of the last.
  const ids = new Map(lines.map((line, id) => [line.trimEnd(), id]))
  const { field } = settings
  const accents = field.get('strip_accents')
  return {
    settings,
    named: family.named,
    maskTakesSpace: family.maskTakesSpace,
    model: {
      type: 'WordPiece',
      unk_token: contentOf(field.get('unk_token')) ?? family.named.unk,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(ids),
    },
    idOf: (token) => ids.get(token),
    size: lines.length,
    added: Object.entries(family.extra ?? {}).map(([name, content]) => ({
      content: contentOf(field.get(name)) ?? content,
      special: true,
    })),
    stages: (options) => ({
      normalizer: bertNormalizer({
        lowercase: options.flag('do_lower_case', true),
        stripAccents: accents.missing ? null : accents.boolean(),
        chinese: options.flag('tokenize_chinese_chars', true),
      }),
      pre_tokenizer: { type: 'BertPreTokenizer' },
      decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
      post_processor: family.postProcessor(options.named.cls ?? '', options.named.sep ?? '', options),
    }),
  }
}
