/** What `pellucid tokenize` prints of one text, of any size: pieces, ids, a table, JSON or counts, as they come. */
import type { TextPart } from '../datasets/text.ts'
import type { Encoding, Tokenizer } from '../tokenizers/index.ts'
import type { Terminal, Values } from './command.ts'
import { type Reading, readParts, sizeOfText } from './data-files.ts'
import { Output } from './output.ts'
import { ProgressLine, readingText } from './progress-line.ts'
import { inFlags } from './tokenize-errors.ts'
import { type Stretch, type StretchOptions, stretches } from './tokenize-stretches.ts'
import { PieceDrawing, shownTokens, TableDrawing, TextCounts } from './tokenize-view.ts'

/** What one run works with. */
export type Work = { readonly tokenizer: Tokenizer; readonly values: Values; readonly terminal: Terminal }

/** Ids, or entries of a list, that are written together. */
const atOnce = 4096

/** A list as text with what stands between its entries, but for the stretches of it, which come a few thousand entries at a time. */
function* joined(values: ArrayLike<unknown>, between: string, spell: (value: unknown) => string): Generator<string> {
  for (let from = 0; from < values.length; from += atOnce) {
    let text = ''
    const to = Math.min(values.length, from + atOnce)
    for (let i = from; i < to; i++) text += (i === from ? '' : between) + spell(values[i])
    yield text
  }
}

/** The columns of JSON; offsets are counted from the beginning of the whole text. */
const columns: Readonly<Record<keyof ReturnType<Encoding['toJSON']>, (stretch: Stretch) => readonly unknown[]>> = {
  ids: ({ encoding }) => encoding.ids,
  tokens: ({ encoding }) => encoding.tokens,
  offsets: ({ encoding: { offsets, sequenceIds }, start }) =>
    start === 0
      ? offsets
      : offsets.map(([from, to], i) => (sequenceIds[i] === null ? [from, to] : [from + start, to + start])),
  typeIds: ({ encoding }) => encoding.typeIds,
  attentionMask: ({ encoding }) => encoding.attentionMask,
  specialTokensMask: ({ encoding }) => encoding.specialTokensMask,
}

/** An object of columns, as `JSON.stringify` would write it of the whole. */
async function writeJson(all: readonly Stretch[], output: Output): Promise<void> {
  for (const [i, [name, column]] of Object.entries(columns).entries()) {
    await output.write(`${i === 0 ? '{' : ','}"${name}":[`)
    let begun = false
    for (const stretch of all)
      for (const part of joined(column(stretch), ',', JSON.stringify)) {
        await output.write(`${begun ? ',' : ''}${part}`)
        begun = true
      }
    await output.write(']')
  }
  const overflowing = all.flatMap(({ encoding }) => encoding.overflowing.map((part) => part.toJSON()))
  if (overflowing.length > 0) await output.write(`,"overflowing":${JSON.stringify(overflowing)}`)
  await output.write('}\n')
}

/** The texts without what was kept for JSON and drawing: columns alone. */
const withoutText = ({ start, encoding }: Stretch): Stretch => ({ texts: [], start, encoding })

/** A table, or the text in pieces and its ids behind it; `again` reads the text once more. */
async function draw(
  { tokenizer, values, terminal }: Work,
  first: AsyncIterable<Stretch>,
  again: () => AsyncIterable<Stretch>,
  counts: TextCounts,
  output: Output,
): Promise<void> {
  const paired = values.pair !== undefined
  const table = values.offsets && new TableDrawing(tokenizer, terminal.color, paired)
  const pieces = new PieceDrawing(terminal.color)
  let only: Stretch | undefined
  let read = 0
  for await (const stretch of first) {
    const { texts, encoding, start } = stretch
    counts.add(texts, encoding)
    only = read++ === 0 ? stretch : undefined
    const drawn = table
      ? table.draw(texts, encoding, start)
      : pieces.draw(shownTokens(tokenizer, texts, encoding).shown)
    for (const part of drawn) await output.write(part)
  }
  if (table) return
  await output.write('\n\n')
  await writeIds(only ? [only] : again(), output)
}

async function writeIds(all: AsyncIterable<Stretch> | Iterable<Stretch>, output: Output): Promise<void> {
  let begun = false
  for await (const { encoding } of all)
    for (const part of joined(encoding.ids, ' ', String)) {
      await output.write(`${begun ? ' ' : ''}${part}`)
      begun = true
    }
  await output.write('\n')
}

/** Counts alone, with how far the reading is on a terminal. */
async function count(all: AsyncIterable<Stretch>, counts: TextCounts, total: number, terminal: Terminal) {
  const progress = new ProgressLine(terminal)
  const began = performance.now()
  const output = new Output(terminal)
  try {
    for await (const { texts, encoding } of all) {
      counts.add(texts, encoding)
      const seconds = (performance.now() - began) / 1000
      progress.show(counts.bytes / Math.max(1, total), () => readingText(counts.bytes, total, seconds))
      await output.pause()
    }
  } finally {
    progress.clear()
  }
}

/** Prints the tokens of a text that was given, or that is in a file. */
export async function tokenizeText(
  work: Work,
  options: Omit<StretchOptions, 'warn' | 'lossy'>,
  how: Reading,
): Promise<void> {
  const { tokenizer, values, terminal } = work
  const parts: readonly TextPart[] =
    values.text === undefined ? await readParts([values.file], how) : [{ text: values.text }]
  const all = (lossy: Reading['lossy'], warn: (message: string) => void) =>
    inFlagsEach(work, stretches(tokenizer, parts, { ...options, lossy, warn }))
  const first = all(how.lossy, (message) => terminal.note(`${message}\n`))
  const counts = new TextCounts()
  await Output.to(terminal, async (output) => {
    if (values.counts) {
      await count(first, counts, sizeOfText(parts), terminal)
      await output.write(`${values.json ? JSON.stringify(counts) : counts}\n`)
    } else if (values.ids) await writeIds(first, output)
    else if (values.json) {
      const kept: Stretch[] = []
      for await (const stretch of first) {
        kept.push(withoutText(stretch))
        await output.pause()
      }
      await writeJson(kept, output)
    } else {
      // What is not UTF-8 is counted once.
      const again = () => all(how.lossy && { count: 0 }, () => {})
      await draw(work, first, again, counts, output)
      await output.flush()
      terminal.note(`\n${counts}\n`)
    }
  })
}

/** Stretches, whose errors name the flags that can help. */
async function* inFlagsEach({ tokenizer, values }: Work, all: AsyncIterable<Stretch>): AsyncGenerator<Stretch> {
  const iterator = all[Symbol.asyncIterator]()
  for (;;) {
    const next = await iterator.next().catch((error: unknown) =>
      inFlags(tokenizer, values, () => {
        throw error
      }),
    )
    if (next.done) return
    yield next.value
  }
}
