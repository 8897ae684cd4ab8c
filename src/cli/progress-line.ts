/** How far a work is, on one line of a terminal that is drawn again and again: a bar and some words. */
import type { Terminal } from './command.ts'
import { bytesText, duration } from './format.ts'
import { truncate } from './layout.ts'

/** Milliseconds between two pictures. */
const redraw = 100
const barWidth = 24

/** How far reading is: `reading · 1.2 MB of 10 MB · 3 MB/s · 3s left`. */
export function readingText(bytes: number, total: number, seconds: number): string {
  const rate = bytes / Math.max(seconds, 1e-3)
  const left = seconds > 1 && bytes > 0 ? ` · ${duration(Math.max(0, total - bytes) / rate)} left` : ''
  return `reading · ${bytesText(bytes)} of ${bytesText(total)} · ${bytesText(rate)}/s${left}`
}

export class ProgressLine {
  readonly #terminal: Terminal
  #shown = Number.NEGATIVE_INFINITY

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Draws it, if the last picture is old enough; `share` is done of all. For terminals only. */
  show(share: number, words: () => string): void {
    const now = performance.now()
    if (!this.#terminal.interactive || now - this.#shown < redraw) return
    this.#shown = now
    const filled = Math.round(barWidth * Math.min(1, share))
    const line = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${words()}`
    this.#terminal.note(`\r${truncate(line, this.#terminal.columns - 1)}\x1b[K`)
  }

  clear(): void {
    if (this.#terminal.interactive && this.#shown > 0) this.#terminal.note('\r\x1b[K')
  }
}
