/** How far the learning of a tokenizer is: a bar on a terminal, now and then a line elsewhere. */
import type { TrainProgress } from '../tokenizers/index.ts'
import type { Terminal } from './command.ts'
import { count } from './format.ts'
import { ProgressLine, readingText } from './progress-line.ts'

/** Milliseconds between two lines. */
const newLine = 5000

export class TokenizerProgress {
  readonly #terminal: Terminal
  readonly #total: number
  readonly #began = performance.now()
  readonly #line: ProgressLine
  #shown = performance.now()
  #told = false
  /** Bytes of text read so far. */
  bytes = 0

  /** `total` is how many bytes there are to read. */
  constructor(terminal: Terminal, total: number) {
    this.#terminal = terminal
    this.#total = total
    this.#line = new ProgressLine(terminal)
  }

  see(progress: TrainProgress): void {
    if (progress.stage === 'read' && progress.forgotten > 0 && !this.#told) {
      this.#told = true
      this.say('There are more different words than can be kept: the rarest are forgotten from time to time.')
    }
    const now = performance.now()
    const describe = () => this.#describe(progress, (now - this.#began) / 1000)
    if (this.#terminal.interactive) {
      this.#line.show(this.#share(progress), describe)
      return
    }
    if (now - this.#shown < newLine) return
    this.#shown = now
    this.#terminal.note(`${describe()}\n`)
  }

  #share(progress: TrainProgress): number {
    return progress.stage === 'learn'
      ? progress.done / Math.max(1, progress.total)
      : this.bytes / Math.max(1, this.#total)
  }

  #describe(progress: TrainProgress, seconds: number): string {
    if (progress.stage === 'learn') return `learning · ${progress.done} of ${progress.total}`
    return `${readingText(this.bytes, this.#total, seconds)} · ${count(progress.words)} words`
  }

  /** A line of its own. */
  say(line: string): void {
    this.clear()
    this.#terminal.note(`${line}\n`)
  }

  clear(): void {
    this.#line.clear()
  }
}
