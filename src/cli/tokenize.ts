/** `pellucid tokenize`: how a text is cut into tokens. */
import { fileError, usageError } from '../base/errors.ts'
import { type Encoding, loadTokenizer } from '../tokenizers/index.ts'
import { painter } from './color.ts'
import type { Command } from './command.ts'
import { reading, readWhole } from './data-files.ts'
import { filled, json, lossy, oneOf } from './options.ts'

type Paint = (text: string) => string

/** Pieces in changing colors; without colors, between bars. */
function drawPieces(text: string, { offsets, tokens }: Encoding, color: boolean): string {
  const paint = painter(color)
  const colors: Paint[] = [paint.cyan, paint.yellow, paint.green, paint.magenta]
  const pieces = offsets.map(([start, end], i) => (end > start ? text.slice(start, end) : tokens[i]!))
  return color ? pieces.map((piece, i) => colors[i % colors.length]!(piece)).join('') : pieces.join('│')
}

export const tokenize: Command = {
  name: 'tokenize',
  summary: 'text to tokens',
  arguments: [
    {
      name: 'tokenizer',
      description: 'a model directory, a downloaded model or a tokenizer.json',
      parse: filled('tokenizer'),
    },
    { name: 'text', description: 'the text', optional: true },
  ],
  options: [
    { flags: '--file <file>', description: 'a file with the text; - for standard input', parse: filled('--file') },
    {
      flags: '--jsonl <file>',
      description:
        'a file of JSON lines, each a text or { "text": … }; prints a JSON line for each; - for standard input',
      parse: filled('--jsonl'),
    },
    {
      flags: '--special <how>',
      description: 'special tokens in the text: parse, text or error',
      parse: oneOf('--special', ['parse', 'text', 'error']),
      default: 'parse',
    },
    lossy,
    json,
  ],
  examples: ['tokenize runs/world "Mia went to the park."', 'tokenize gpt2/tokenizer.json --file book.txt --json'],
  async run({ tokenizer: source, text, file, jsonl, special, lossy, json: asJson }, terminal) {
    if ([text, file, jsonl].filter((given) => given !== undefined).length !== 1)
      throw usageError('BAD_USAGE', 'tokenize takes one text: as an argument, --file or --jsonl.')
    if (lossy && text !== undefined) throw usageError('BAD_USAGE', '--lossy is for a text in --file or --jsonl.')
    const tokenizer = await loadTokenizer(source)
    const how = reading(lossy, terminal)
    const print = (content: string) => terminal.out(`${JSON.stringify(tokenizer.encode(content, { special }))}\n`)
    if (jsonl !== undefined) {
      const lines = (await readWhole(jsonl, how)).split('\n')
      // A bad line is told before anything is printed.
      const texts = lines.flatMap((line, i) => (line.trim() ? [textOf(line, `${jsonl}:${i + 1}`)] : []))
      for (const each of texts) print(each)
      how.tell(jsonl)
      return
    }
    const content: string = text ?? (await readWhole(file, how))
    how.tell(file)
    if (asJson) {
      print(content)
      return
    }
    const encoding = tokenizer.encode(content, { special })
    const bytes = new TextEncoder().encode(content).length
    terminal.out(`${drawPieces(content, encoding, terminal.color)}\n\n${encoding.ids.join(' ')}\n`)
    terminal.note(
      `\n${encoding.ids.length} tokens, ${bytes} bytes${bytes ? `, ${(bytes / encoding.ids.length).toFixed(2)} bytes a token` : ''}\n`,
    )
  },
}

function textOf(line: string, place: string): string {
  try {
    const value = JSON.parse(line) as unknown
    const text = typeof value === 'string' ? value : (value as { text?: unknown } | null)?.text
    if (typeof text === 'string') return text
  } catch {
    // told below
  }
  throw fileError('BAD_LINE', `${place}: not what a line holds; expected a JSON string or an object with a text.`)
}
