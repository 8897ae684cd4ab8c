/** `pellucid tokenize`: how a text is cut into tokens, and what ids say. */
import { usageError } from '../base/errors.ts'
import { kindOf } from '../base/files.ts'
import { resolveModel } from '../hub/resolve.ts'
import {
  type EncodeOptions,
  type Encoding,
  explainEncoding,
  learningExample,
  loadTokenizer,
} from '../tokenizers/index.ts'
import type { Command, Terminal, Values } from './command.ts'
import { reading, readWhole } from './data-files.ts'
import { drawExplanation } from './explain-view.ts'
import { idList } from './generate-options.ts'
import { printable } from './layout.ts'
import { drawLearning } from './learning-view.ts'
import { filled, json, lossy, oneOf, whole } from './options.ts'
import { Output } from './output.ts'
import { pen } from './pen.ts'
import { quoted } from './quote.ts'
import { conversations, render } from './tokenize-chat.ts'
import { inFlags } from './tokenize-errors.ts'
import { checkUse, idParts } from './tokenize-flags.ts'
import { at, encodeLines } from './tokenize-lines.ts'
import { drawWays, samplingOf, waysOptions } from './tokenize-sampling.ts'
import { tokenizeText, type Work } from './tokenize-text.ts'
import { drawPieces, shownTokens, TableDrawing, TextCounts } from './tokenize-view.ts'

/** The tokens of a text or two; what goes wrong is told with the flags that can help. */
const encode = ({ tokenizer, values }: Work, text: string, options: EncodeOptions): Encoding =>
  inFlags(tokenizer, values, () => tokenizer.encode(text, options))

const optionsOf = (values: Values): EncodeOptions => ({
  special: values.special,
  addSpecialTokens: values.specialTokens,
  ...(values.maxLength !== undefined && { truncation: values.maxLength }),
  ...samplingOf(values),
})

/** The columns, and what was cut off. */
const record = (encoding: Encoding) => ({
  ...encoding.toJSON(),
  ...(encoding.overflowing.length > 0 && { overflowing: encoding.overflowing.map((part) => part.toJSON()) }),
})

function listWays({ tokenizer, values, terminal }: Work, text: string): void {
  const ways = inFlags(tokenizer, values, () => tokenizer.nBest(text, values.nBest, { special: values.special }))
  const drawn = values.json
    ? JSON.stringify(ways)
    : drawWays(tokenizer, text, ways, pen(terminal.color, terminal.columns))
  terminal.out(`${drawn}\n`)
}

function explainText({ tokenizer, values, terminal }: Work, text: string): void {
  const { special, specialTokens: addSpecialTokens } = values
  const explanation = inFlags(tokenizer, values, () => explainEncoding(tokenizer, text, { special, addSpecialTokens }))
  if (values.json) terminal.out(`${JSON.stringify(explanation)}\n`)
  else terminal.out(`${drawExplanation(explanation, pen(terminal.color, terminal.columns))}\n`)
}

/** Without a tokenizer a text itself can teach what a merge is. */
function explainLearning(text: string, { json: asJson }: Values, terminal: Terminal): void {
  const example = learningExample(text)
  const said = `There is no tokenizer ${quoted(text)}, so this is the text, and its pairs are learned from itself.\n\n`
  if (asJson) terminal.note(said)
  else terminal.out(said)
  const drawn = asJson ? JSON.stringify(example) : drawLearning(example, pen(terminal.color, terminal.columns))
  terminal.out(`${drawn}\n`)
}

/** Whether there is a file, a directory or a downloaded model of this name. */
async function leadsSomewhere(source: string): Promise<boolean> {
  try {
    return (await kindOf(await resolveModel(source))) !== undefined
  } catch {
    return false // What cannot be a path at all is no tokenizer either.
  }
}

function decodeIds({ tokenizer, values, terminal }: Work): void {
  const ids: number[] = values.decode
  const unknown = ids.find((id) => tokenizer.tokenOf(id) === undefined)
  if (unknown !== undefined)
    throw usageError(
      'UNKNOWN_TOKEN_ID',
      `--decode has ${unknown}, an id that no token has.\nExpected ids from 0 to ${tokenizer.vocabSize - 1} that the vocabulary has.`,
    )
  const stream = tokenizer.stream({ skipSpecialTokens: !values.specialTokens })
  const pieces = [...ids.map((id) => stream.push(id)), stream.flush()]
  const text = pieces.join('')
  const tokens = ids.map((id) => tokenizer.tokenOf(id)!)
  if (values.json) terminal.out(`${JSON.stringify({ ids, tokens, text, pieces })}\n`)
  else terminal.out(`${terminal.interactive ? printable(text) : text}\n`)
}

/** The tokens of a text that a chat template made. */
function* drawChat({ tokenizer, values, terminal }: Work, text: string, encoding: Encoding): Generator<string> {
  if (values.offsets) {
    yield* new TableDrawing(tokenizer, terminal.color, false).draw([text], encoding)
    return
  }
  yield `${drawPieces(shownTokens(tokenizer, [text], encoding).shown, terminal.color)}\n\n`
  yield `${encoding.ids.join(' ')}\n`
}

async function tokenizeChats(work: Work): Promise<void> {
  const { tokenizer, values, terminal } = work
  const how = reading(values.lossy, terminal)
  await Output.to(terminal, async (output) => {
    let isFirst = true
    for await (const conversation of conversations(values.chat, how)) {
      const text = await render(tokenizer, conversation)
      // The template writes the special tokens that belong to a conversation itself.
      const options: EncodeOptions = { ...optionsOf(values), special: 'parse', addSpecialTokens: false }
      const encoding = at(conversation.place, () => encode(work, text, options))
      if (values.json) await output.write(`${JSON.stringify({ text, ...record(encoding) })}\n`)
      else {
        if (!isFirst) await output.write('\n')
        for (const part of drawChat(work, text, encoding)) await output.write(part)
        await output.flush()
        const counts = new TextCounts()
        counts.add([text], encoding)
        terminal.note(`\n${counts}\n`)
      }
      isFirst = false
    }
  })
  how.tell(values.chat)
}

export const tokenize: Command = {
  name: 'tokenize',
  summary: 'text to tokens, and back',
  arguments: [
    {
      name: 'tokenizer',
      description: 'a model directory, a downloaded model, or a file: tokenizer.json, vocab.txt, .model, .tiktoken',
      parse: filled('tokenizer'),
    },
    { name: 'text', description: 'the text', optional: true },
  ],
  options: [
    { flags: '--file <file>', description: 'a file with the text; - for standard input', parse: filled('--file') },
    {
      flags: '--jsonl <file>',
      description:
        'a file of JSON lines, each a text or { "text": …, "pair": … }; prints a JSON line for each; - for standard input',
      parse: filled('--jsonl'),
    },
    {
      flags: '--chat <file>',
      description:
        'a JSON file of messages { "role": …, "content": … }, or JSON lines { "messages": … }, put into one text by the chat template',
      parse: filled('--chat'),
    },
    {
      flags: '--decode <ids>',
      description: 'ids such as 5,17,3, or as tokenize prints them: prints their text',
      parse: idList('--decode', idParts),
    },
    { flags: '--pair <text>', description: 'a second text, for models that read two' },
    {
      flags: '--max-length <n>',
      description: 'cut to at most so many tokens, special ones included',
      parse: whole('--max-length', { min: 0, max: 2 ** 31 - 1 }),
    },
    { flags: '--no-special-tokens', description: 'add no special tokens; with --decode, leave them out' },
    {
      flags: '--special <how>',
      description: 'special tokens in the text: parse, text or error',
      parse: oneOf('--special', ['parse', 'text', 'error']),
      default: 'parse',
    },
    { flags: '--offsets', description: 'a table: a row for each token, with its place in the text' },
    { flags: '--ids', description: 'only the ids, on one line' },
    { flags: '--counts', description: 'only how many tokens, bytes and characters, of a text of any size' },
    {
      flags: '--explain',
      description:
        'every stage and every step of the model; with a text and no tokenizer, the pairs that the text itself teaches',
    },
    lossy,
    json,
    ...waysOptions,
  ],
  examples: [
    'tokenize runs/world "Mia went to the park."',
    'tokenize gpt2/tokenizer.json --file book.txt --json',
    'tokenize MODEL "Mia went to the park." --offsets',
    'tokenize MODEL --jsonl texts.jsonl > tokens.jsonl',
    'tokenize MODEL --chat messages.json',
    'tokenize MODEL --decode 5,17,3',
    'tokenize MODEL "unbelievable" --explain',
    'tokenize --explain aaabdaaabac',
    'tokenize MODEL "unbelievable" --n-best 5',
    'tokenize MODEL "unbelievable" --sample --dropout 0.1 --seed 7',
  ],
  async run(values, terminal) {
    const { tokenizer: source, text, file, jsonl, chat, decode } = values
    const mode = checkUse(values)
    if (mode === undefined) {
      if (values.explain && !(await leadsSomewhere(source))) return explainLearning(source, values, terminal)
      throw usageError(
        'BAD_USAGE',
        'tokenize takes one text: as an argument, --file or --jsonl; or else one of --chat and --decode.',
      )
    }
    const work: Work = { tokenizer: await loadTokenizer(source), values, terminal }
    if (decode !== undefined) return decodeIds(work)
    if (chat !== undefined) return await tokenizeChats(work)
    const how = reading(values.lossy, terminal)
    const ways = values.nBest !== undefined && !values.sample
    if (jsonl !== undefined) {
      const options = optionsOf(values)
      await encodeLines(jsonl, how, (line, pair) => record(encode(work, line, { ...options, pair })))
    } else if (values.explain || ways) {
      // These are made without a pause, and nothing is written that could be left half-made.
      terminal.endAtOnce()
      const content: string = text ?? (await readWhole(file, how))
      if (values.explain) explainText(work, content)
      else listWays(work, content)
    } else {
      const options = optionsOf(values)
      await tokenizeText(work, values.pair === undefined ? options : { ...options, pair: values.pair }, how)
    }
    if (jsonl !== undefined || file !== undefined) how.tell(jsonl ?? file)
  },
}
