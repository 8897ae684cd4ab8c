/** What `tokenizer train` says when it is done: what was learned, what it makes of the text, and what cannot be written with it. */
import { type Tokenizer, type TrainingKindName, trainingKinds } from '../tokenizers/index.ts'
import { byteCharacters } from '../tokenizers/text/bytes.ts'
import { preTokenizerStages } from '../tokenizers/training/around.ts'
import type { TrainingKind } from '../tokenizers/training/kind.ts'
import type { TrainSettings } from '../tokenizers/training/preparation.ts'
import { painter } from './color.ts'
import type { Terminal } from './command.ts'
import { bytesText, duration, many } from './format.ts'
import { truncate } from './layout.ts'
import { inQuotes } from './token-text.ts'

/** A tokenizer that was learned, and the text it was learned from; `tokens` is undefined where not all of that has tokens. */
export type Learned = {
  readonly out: string
  readonly model: TrainingKindName
  readonly tokenizer: Tokenizer
  readonly bytes: number
  readonly tokens: number | undefined
  readonly seconds: number
}

/** Whether nothing was learned: every token is one that was given. */
export function hasOnlySpecial(tokenizer: Tokenizer): boolean {
  for (let id = 0; id < tokenizer.vocabSize; id++)
    if (tokenizer.tokenOf(id) !== undefined && !tokenizer.isSpecial(id)) return false
  return true
}

/** How many bytes have no token, with a model of subwords over bytes: those that a limited alphabet leaves out. */
export function bytesLacking(tokenizer: Tokenizer, model: TrainingKindName, { preTokenizer }: TrainSettings): number {
  const kind: TrainingKind = trainingKinds[model]
  if ('fixed' in kind || !kind.takes.includes('initialAlphabet')) return 0
  const stages = preTokenizerStages({
    pre_tokenizer: preTokenizer === undefined ? kind.cutting.pre_tokenizer : preTokenizer,
  })
  if (!stages.some(({ type }) => type === 'ByteLevel')) return 0
  return byteCharacters.filter((character) => tokenizer.idOf(character) === undefined).length
}

/** The longest tokens that were learned, as text. */
function longestTokens(tokenizer: Tokenizer, wanted: number): string[] {
  const texts: string[] = []
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    const bytes = tokenizer.bytesOf(id)
    if (bytes) texts.push(new TextDecoder().decode(bytes))
  }
  return texts.sort((a, b) => b.length - a.length).slice(0, wanted)
}

/** As `--json` prints it. */
export const summaryJson = ({ out, model, tokenizer, bytes, tokens, seconds }: Learned) => ({
  out,
  model,
  vocabulary: tokenizer.vocabSize,
  bytes,
  ...(tokens !== undefined && { tokens, bytesPerToken: bytes / tokens }),
  seconds,
  longest: longestTokens(tokenizer, 10),
})

/** A token in the summary takes at most so many columns. */
const widest = 40

/** What the tokenizer makes of the text it was learned from. */
export function summarize(terminal: Terminal, { tokenizer, bytes, tokens, seconds }: Learned): void {
  const paint = painter(terminal.color)
  const rate = tokens === undefined ? '' : `${many(tokens, 'token')}, ${(bytes / tokens).toFixed(2)} bytes per token, `
  const longest = longestTokens(tokenizer, 8).filter((text) => [...text].length > 1)
  terminal.note(
    paint.dim(
      `The text: ${bytesText(bytes)}, ${rate}read and learned in ${seconds < 60 ? `${seconds.toFixed(1)}s` : duration(seconds)}\n`,
    ),
  )
  if (longest.length > 0)
    terminal.note(
      paint.dim(`The longest tokens: ${longest.map((text) => inQuotes(truncate(text, widest))).join(' ')}\n`),
    )
}
