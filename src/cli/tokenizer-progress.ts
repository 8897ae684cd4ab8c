/** How far the learning of a tokenizer is: a bar on a terminal, now and then a line elsewhere. */
import type { TrainProgress } from '../tokenizers/index.ts'
import type { Terminal } from './command.ts'
import { bytesText, count, duration } from './format.ts'
import { truncate } from './layout.ts'

/** Milliseconds between two pictures of the bar, and between two lines. */
const redraw = 100
const newLine = 5000

const barWidth = 24

export class TokenizerProgress {
  readonly #terminal: Terminal
  readonly #total: number
  readonly #began = performance.now()
  #shown: number
  #told = false
  /** Bytes of text read so far. */
  bytes = 0

  /** `total` is how many bytes there are to read. */
  constructor(terminal: Terminal, total: number) {
    this.#terminal = terminal
    this.#total = total
    this.#shown = terminal.interactive ? Number.NEGATIVE_INFINITY : this.#began
  }

  see(progress: TrainProgress): void {
    if (progress.stage === 'read' && progress.forgotten > 0 && !this.#told) {
      this.#told = true
      this.say('There are more different words than can be kept: the rarest are forgotten from time to time.')
    }
    const now = performance.now()
    const live = this.#terminal.interactive
    if (now - this.#shown < (live ? redraw : newLine)) return
    this.#shown = now
    const [share, text] = this.#describe(progress, (now - this.#began) / 1000)
    if (!live) {
      this.#terminal.note(`${text}\n`)
      return
    }
    const filled = Math.round(barWidth * Math.min(1, share))
    const line = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${text}`
    this.#terminal.note(`\r${truncate(line, this.#terminal.columns - 1)}\x1b[K`)
  }

  #describe(progress: TrainProgress, seconds: number): [share: number, text: string] {
    if (progress.stage === 'learn') {
      const { done, total } = progress
      return [done / Math.max(1, total), `learning · ${done} of ${total}`]
    }
    const rate = this.bytes / seconds
    const left = seconds > 1 ? ` · ${duration((this.#total - this.bytes) / rate)} left` : ''
    const read = `reading · ${bytesText(this.bytes)} of ${bytesText(this.#total)} · ${count(progress.words)} words`
    return [this.bytes / Math.max(1, this.#total), `${read} · ${bytesText(rate)}/s${left}`]
  }

  /** A line of its own. */
  say(line: string): void {
    this.clear()
    this.#terminal.note(`${line}\n`)
  }

  clear(): void {
    if (this.#terminal.interactive) this.#terminal.note('\r\x1b[K')
  }
}
