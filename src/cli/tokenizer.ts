/** `pellucid tokenizer train`: learns a tokenizer from texts and writes it as Hugging Face reads it. */
import { fileError, usageError } from '../base/errors.ts'
import { sampleParts, type TextPart, textPieces } from '../datasets/text.ts'
import {
  byteTokenizer,
  type Tokenizer,
  type TrainOptions,
  trainBytelevelBpe,
  trainCharacters,
} from '../tokenizers/index.ts'
import type { Command, Terminal } from './command.ts'
import { checkDirectory, type Reading, reading, readParts, sizeOfText } from './data-files.ts'
import { filled, json, lossy, oneOf, whole } from './options.ts'

type Options = Pick<TrainOptions, 'vocabSize' | 'minFrequency' | 'specialTokens' | 'onProgress'>

/** The kinds there are: what each learns from texts. */
const kinds: Readonly<Record<string, (texts: Iterable<string>, options: Options) => Tokenizer>> = {
  bpe: trainBytelevelBpe,
  characters: trainCharacters,
  bytes: () => byteTokenizer(),
}

/** A tokenizer is learned from at most so much text, taken evenly from all of it: it has to fit in memory. */
const learningBytes = 2 ** 29

const trainTokenizer: Command = {
  name: 'train',
  summary: 'learn a tokenizer from texts',
  arguments: [
    {
      name: 'files',
      description: 'the texts, - for standard input (none for bytes)',
      variadic: true,
      optional: true,
      parse: filled('files'),
    },
  ],
  options: [
    {
      flags: '--model <kind>',
      description: 'bpe (byte-level, as GPT-2), characters, or bytes (as ByT5)',
      parse: oneOf('--model', Object.keys(kinds)),
      default: 'bpe',
    },
    {
      flags: '--vocab-size <n>',
      description: 'most tokens, special ones included (default: 8000 for bpe, all characters)',
      parse: whole('--vocab-size', { min: 1, max: 2 ** 31 }),
    },
    {
      flags: '--min-frequency <n>',
      description: 'leave out what occurs less often',
      parse: whole('--min-frequency', { min: 0 }),
    },
    { flags: '--special <token>', description: 'a special token; they get the first ids', repeat: true },
    {
      flags: '--out <dir>',
      description: 'directory for tokenizer.json and tokenizer_config.json',
      parse: filled('--out'),
    },
    lossy,
    json,
  ],
  examples: ['tokenizer train --model bpe --vocab-size 4000 --out tokenizers/mine book.txt letters.txt'],
  async run({ files, model, vocabSize, minFrequency, special, out, lossy, json: asJson }, terminal) {
    if (out === undefined)
      throw usageError('NO_OUT', 'tokenizer train needs --out DIR, where the tokenizer is written.')
    if (files.length === 0 && model !== 'bytes')
      throw usageError('NO_DATA', `tokenizer train --model ${model} needs texts to learn from: FILES.`)
    if (model === 'bytes' && (vocabSize ?? minFrequency ?? special[0]) !== undefined)
      throw usageError(
        'BAD_USAGE',
        'tokenizer train --model bytes learns nothing: its tokens are fixed. Leave out the flags for them.',
      )
    await checkDirectory('--out', out)
    const how = reading(lossy, terminal)
    const parts = await readParts(files, how)
    if (model !== 'bytes' && sizeOfText(parts) === 0)
      throw fileError('EMPTY_DATA', `${files.join(', ')}: empty. Give a text to learn from.`)
    const live = terminal.interactive && !asJson
    const texts = await readTexts(parts, how)
    how.tell(files.join(', '))
    // Learning does not return to the event loop, so a signal could not ask it to stop. Nothing is written until it is done.
    terminal.endAtOnce()
    const options = {
      vocabSize,
      minFrequency,
      specialTokens: special.length ? special : undefined,
      ...(live && follow(terminal)),
    }
    const tokenizer = kinds[model]!(texts, options)
    if (live) terminal.note('\r\x1b[K')
    await tokenizer.save(out)
    const result = { out, model, vocabulary: tokenizer.vocabSize }
    if (asJson) terminal.out(`${JSON.stringify(result)}\n`)
    else terminal.out(`${tokenizer.vocabSize} tokens, written to ${out}\n`)
  },
}

async function readTexts(parts: readonly TextPart[], { terminal, lossy }: Reading): Promise<string[]> {
  const total = sizeOfText(parts)
  if (total > learningBytes)
    terminal.note(
      `Learning from ${learningBytes / 2 ** 20} MiB of ${Math.round(total / 2 ** 20)}, taken evenly from all.\n`,
    )
  const texts: string[] = []
  for await (const piece of textPieces(await sampleParts(parts, learningBytes), lossy)) {
    terminal.signal.throwIfAborted()
    texts.push(piece)
  }
  return texts
}

/** Shows how far it is, a few times a second. */
function follow(terminal: Terminal): Pick<TrainOptions, 'onProgress'> {
  let shown = 0
  return {
    onProgress(progress) {
      if (performance.now() - shown < 100) return
      shown = performance.now()
      const text = progress.stage === 'read' ? 'counting words' : `${progress.done} of ${progress.total} tokens`
      terminal.note(`\r${text}\x1b[K`)
    },
  }
}

export const tokenizer: Command = {
  name: 'tokenizer',
  summary: 'make tokenizers',
  subcommands: [trainTokenizer],
}
