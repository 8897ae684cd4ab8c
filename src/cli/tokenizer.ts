/** `pellucid tokenizer train`: learns a tokenizer from texts and writes it as Hugging Face reads it. */
import { fileError, usageError } from '../base/errors.ts'
import { type TextPart, textPieces } from '../datasets/text.ts'
import { type TrainingKindName, trainingKinds } from '../tokenizers/index.ts'
import type { CuttingJson, TrainingKind } from '../tokenizers/training/kind.ts'
import { none, normalizers, preTokenizers, stagesNamed } from '../tokenizers/training/named-stages.ts'
import type { TrainSettings } from '../tokenizers/training/preparation.ts'
import { trainMeasured } from '../tokenizers/training/train.ts'
import type { Command, OptionSpec, Values } from './command.ts'
import { type Reading, reading, readParts, sizeOfText } from './data-files.ts'
import { many } from './format.ts'
import { camel, filled, flagOf, json, lossy, oneOf, whole } from './options.ts'
import { checkPlace } from './tokenizer-place.ts'
import { TokenizerProgress } from './tokenizer-progress.ts'
import { bytesLacking, hasOnlySpecial, summarize, summaryJson } from './tokenizer-summary.ts'

const kindNames = Object.keys(trainingKinds) as TrainingKindName[]
const largest = 2 ** 31
const most = (flag: string) => whole(flag, { min: 1, max: largest })

/** What is to be learned; each is a setting of the same name. */
const settings: readonly OptionSpec[] = [
  {
    flags: '--vocab-size <n>',
    description: 'most tokens, special ones included (default: 8000; 30000 words; all characters)',
    parse: most('--vocab-size'),
  },
  {
    flags: '--min-frequency <n>',
    description: 'leave out what occurs less often',
    parse: whole('--min-frequency', { min: 0 }),
  },
  {
    flags: '--initial-alphabet <characters>',
    description: 'characters that become tokens in any case (default for byte-level bpe: all bytes)',
    parse: filled('--initial-alphabet', 'characters'),
  },
  {
    flags: '--limit-alphabet <n>',
    description: 'at most so many characters as tokens, the frequent ones',
    parse: most('--limit-alphabet'),
  },
  {
    flags: '--max-token-length <n>',
    description: 'leave out longer tokens, as Hugging Face counts characters',
    parse: most('--max-token-length'),
  },
  {
    flags: '--end-of-word <suffix>',
    description: 'stands after what ends a word, such as </w>',
    parse: filled('--end-of-word', 'a suffix such as </w>'),
  },
  {
    flags: '--continuing-prefix <prefix>',
    description: 'stands before what goes on with a word (default for wordpiece: ##)',
    parse: filled('--continuing-prefix', 'a prefix such as ##'),
  },
]

/** The stages before the model. */
const stages: readonly OptionSpec[] = [
  {
    flags: '--normalizer <name>',
    description: `rewrites the text first; may be given several times, each for what the one before it made: ${[...Object.keys(normalizers), none].join(', ')}`,
    parse: oneOf('--normalizer', [...Object.keys(normalizers), none]),
    repeat: true,
  },
  {
    flags: '--pre-tokenizer <name>',
    description: `cuts the text into words; may be given several times, each for the pieces of the one before it: ${[...Object.keys(preTokenizers), none].join(', ')}`,
    parse: oneOf('--pre-tokenizer', [...Object.keys(preTokenizers), none]),
    repeat: true,
  },
]

/** The special tokens of each kind where nothing is said: over bytes, `bpe` has others. */
function usualTokens(): string {
  const said = new Map<string, string[]>()
  for (const name of kindNames) {
    const kind: TrainingKind = trainingKinds[name]
    if ('fixed' in kind) continue
    const tokensOf = (cutting: CuttingJson) => kind.defaults(cutting).specialTokens.join(' ')
    const tokens = tokensOf(kind.cutting)
    const others = tokensOf({ normalizer: null, pre_tokenizer: null })
    const text = tokens === others ? tokens : `${tokens}, or ${others} over characters`
    said.set(text, [...(said.get(text) ?? []), name])
  }
  return [...said].map(([tokens, kinds]) => `${kinds.join(' and ')} ${tokens}`).join('; ')
}

const special: OptionSpec = {
  flags: '--special <token>',
  description: `a special token, in the place of the usual ones; may be given several times, and they get the first ids (default: ${usualTokens()})`,
  repeat: true,
}

const asLines: OptionSpec = {
  flags: '--lines',
  description: 'every line is a text of its own, as when Hugging Face reads files',
}

const given = (value: unknown): boolean =>
  value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0)
const chosenBy = (values: Values, option: OptionSpec): unknown => values[camel(flagOf(option).slice(2))]

/** Refuses flags, and texts, that mean nothing for a kind. */
function checkFlags(model: TrainingKindName, values: Values): void {
  const kind = trainingKinds[model]
  const flags = [...settings, ...stages, special, asLines, lossy]
    .filter((option) => given(chosenBy(values, option)))
    .map(flagOf)
  const all = [...values.files, ...flags]
  if ('fixed' in kind && all.length > 0)
    throw usageError(
      'BAD_USAGE',
      `tokenizer train --model ${model} learns nothing: its tokens are fixed. Leave out ${all.join(', ')}.`,
    )
  const optional = settings.slice(2).map(flagOf)
  const takes: readonly string[] = 'fixed' in kind ? [] : kind.takes
  const wrong = flags.find((flag) => optional.includes(flag) && !takes.includes(camel(flag.slice(2))))
  if (wrong) throw usageError('BAD_USAGE', `tokenizer train --model ${model} has no use for ${wrong}. Leave it out.`)
}

/** The flags as settings of training. */
function settingsOf(values: Values): Omit<TrainSettings, 'model'> {
  const chosen = settings.map((option) => [camel(flagOf(option).slice(2)), chosenBy(values, option)] as const)
  return {
    ...Object.fromEntries(chosen.filter(([, value]) => value !== undefined)),
    specialTokens: values.special.length > 0 ? values.special : undefined,
    normalizer: stagesNamed('--normalizer', values.normalizer, normalizers, 'normalizers'),
    preTokenizer: stagesNamed('--pre-tokenizer', values.preTokenizer, preTokenizers, 'pretokenizers'),
  }
}

/** Each file as a text that comes in chunks. */
function* textsOf(parts: readonly TextPart[], { lossy }: Reading, progress: TokenizerProgress) {
  for (const part of parts)
    yield (async function* () {
      for await (const piece of textPieces([part], lossy)) {
        progress.bytes += Buffer.byteLength(piece)
        yield piece
      }
    })()
}

const trainTokenizer: Command = {
  name: 'train',
  summary: 'learn a tokenizer from texts',
  arguments: [
    {
      name: 'files',
      description: 'the texts, of any size, - for standard input (none for bytes)',
      variadic: true,
      optional: true,
      parse: filled('files'),
    },
  ],
  options: [
    {
      flags: '--model <kind>',
      description: kindNames.map((name) => `${name} (${trainingKinds[name].description})`).join(', '),
      parse: oneOf('--model', kindNames),
      default: 'bpe',
    },
    ...settings,
    special,
    ...stages,
    asLines,
    {
      flags: '--out <dir>',
      description: 'directory for tokenizer.json and tokenizer_config.json',
      parse: filled('--out'),
    },
    lossy,
    json,
  ],
  examples: [
    'tokenizer train --model bpe --vocab-size 4000 --out tokenizers/mine book.txt letters.txt',
    'tokenizer train --model bpe --pre-tokenizer whitespace-split --end-of-word "</w>" --out tokenizers/old book.txt',
    'tokenizer train --model wordpiece --vocab-size 30000 --out tokenizers/bert corpus.txt',
  ],
  async run(values, terminal) {
    const { files, out, lines, json: asJson } = values
    const model: TrainingKindName = values.model
    if (out === undefined)
      throw usageError('NO_OUT', 'tokenizer train needs --out DIR, where the tokenizer is written.')
    const learns = !('fixed' in trainingKinds[model])
    if (files.length === 0 && learns)
      throw usageError('NO_DATA', `tokenizer train --model ${model} needs texts to learn from: FILES.`)
    checkFlags(model, values)
    const replaces = await checkPlace(out)
    const how = reading(values.lossy, terminal)
    const parts = await readParts(files, how)
    const bytes = sizeOfText(parts)
    if (learns && bytes === 0) throw fileError('EMPTY_DATA', `${files.join(', ')}: empty. Give a text to learn from.`)
    const began = performance.now()
    const progress = new TokenizerProgress(terminal, bytes)
    const chosen = settingsOf(values)
    const { tokenizer, tokens } = await trainMeasured(textsOf(parts, how, progress), {
      ...chosen,
      model,
      lines,
      measure: true,
      signal: terminal.signal,
      onProgress: (event) => progress.see(event),
    }).finally(() => progress.clear())
    how.tell(files.join(', '))
    if (learns && (tokens === 0 || hasOnlySpecial(tokenizer)))
      throw fileError(
        'EMPTY_DATA',
        `${files.join(', ')}: no token comes of it: all that it holds is white space, too rare, or not in the alphabet.\nGive a text with more in it, or other settings.`,
      )
    await tokenizer.save(out)
    if (replaces) terminal.note(`${out}: replaced the tokenizer that was there.\n`)
    const lacking = learns ? bytesLacking(tokenizer, model, chosen) : 0
    if (lacking > 0)
      terminal.note(
        `${lacking} of the 256 bytes ${lacking === 1 ? 'is no token' : 'are no tokens'}: text that has them cannot be written.\n`,
      )
    const learned = {
      out,
      model,
      tokenizer,
      bytes: progress.bytes,
      tokens,
      seconds: (performance.now() - began) / 1000,
    }
    if (asJson) terminal.out(`${JSON.stringify(summaryJson(learned))}\n`)
    else {
      terminal.out(`${many(tokenizer.vocabSize, 'token')}, written to ${out}\n`)
      if (learns) summarize(terminal, learned)
    }
  },
}

export const tokenizer: Command = {
  name: 'tokenizer',
  summary: 'make tokenizers',
  subcommands: [trainTokenizer],
}
