/** What `pellucid start` shows of a trained model: text from nothing, one sentence through its eyes, and a conversation. */
import { PellucidError } from '../base/errors.ts'
import { type SurpriseReport, surprises } from '../inspection/surprise.ts'
import type { Model } from '../model.ts'
import { type Paint, painter } from './color.ts'
import type { Terminal } from './command.ts'
import { Wrapper } from './layout.ts'
import { drawSurprises } from './surprise-view.ts'

const sampling = { temperature: 0.8, special: 'text' } as const
const indent = '  '

/** A text written from nothing, and how the model reads a sentence of it. */
export type Story = { readonly text: string; readonly sentence?: string; readonly report?: SurpriseReport }

/** Writes, and reads a sentence of what it wrote; `onPiece` gets the text as it comes. */
export async function tell(model: Model, signal: AbortSignal, onPiece: (text: string) => void): Promise<Story> {
  let text = ''
  for await (const piece of model.generate('', { ...sampling, maxNewTokens: 120, seed: 1, signal })) {
    text += piece.text
    onPiece(piece.text)
  }
  const sentence = (/\p{Lu}[^.!?\n]*[.!?]/u.exec(text)?.[0] ?? text.trim().split('\n')[0]!).slice(0, 120)
  if (sentence === '') return { text }
  const { tokenizer, contextLength } = model
  // What is longer than the context cannot be read at once.
  const { ids } = tokenizer!.encode(sentence, { special: 'text' })
  const read = ids.length <= contextLength ? sentence : tokenizer!.decode(ids.slice(0, contextLength - 1))
  return { text, sentence: read, report: await surprises(model, read) }
}

/** Tells the story on a terminal or in plain lines. */
export async function show(model: Model, terminal: Terminal): Promise<Story> {
  const paint = painter(terminal.color)
  terminal.out(`\n${paint.bold('It writes')}\n\n${indent}`)
  const wrapper = new Wrapper(() => lineWidth(terminal), indent)
  const story = await tell(model, terminal.signal, (piece) => terminal.out(wrapper.push(piece)))
  terminal.out(`${wrapper.flush()}\n`)
  if (story.report) {
    terminal.out(
      `\n${paint.bold('How it reads one sentence')}: the more a token surprises it, the ${terminal.color ? 'redder' : 'higher its bar'}\n\n`,
    )
    terminal.out(`${drawSurprises(story.report, paint, terminal.color, terminal.columns)}\n`)
  }
  return story
}

const lineWidth = ({ interactive, columns }: Terminal) => (interactive ? Math.min(columns, 100) : Infinity)

/** Goes on from whatever the person types, until an empty line or the end of the input. */
export async function converse(model: Model, terminal: Terminal, ask: NonNullable<Terminal['ask']>): Promise<void> {
  const paint = painter(terminal.color)
  terminal.out(`\n${paint.bold('Your turn')}: begin a sentence, it goes on (an empty line ends)\n`)
  for (let seed = 1; !terminal.signal.aborted; seed++) {
    const prompt = (await ask(`\n${paint.cyan('> ')}`))?.trim()
    if (!prompt) return
    await goOn(model, prompt, seed, terminal, paint)
  }
}

async function goOn(model: Model, prompt: string, seed: number, terminal: Terminal, paint: Paint): Promise<void> {
  const wrapper = new Wrapper(() => lineWidth(terminal), indent)
  terminal.out(indent + paint.dim(wrapper.push(prompt) + wrapper.flush()))
  try {
    for await (const piece of model.generate(prompt, { ...sampling, maxNewTokens: 60, seed, signal: terminal.signal }))
      terminal.out(wrapper.push(piece.text))
    terminal.out(`${wrapper.flush()}\n`)
  } catch (error) {
    // A prompt that the tokenizer cannot read is told; the next one may do.
    if (!(error instanceof PellucidError)) throw error
    terminal.out(`\n${indent}${paint.yellow(error.message.replaceAll('\n', `\n${indent}`))}\n`)
  }
}
