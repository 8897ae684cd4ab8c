/** Results that are written bit by bit: as fast as they are taken, until a signal or until nobody reads any more. */
import { turns } from '../base/event-loop.ts'
import type { Terminal } from './command.ts'

/** Units that are written together. */
const usual = 2 ** 16

export class Output {
  readonly #terminal: Terminal
  readonly #turn = turns()
  #waiting = ''
  #atStart = true

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Writes a text, at once or with what comes next. Throws the signal's reason once there is one. */
  async write(text: string): Promise<void> {
    this.#waiting += text
    if (this.#waiting.length >= usual) await this.flush()
    else await this.pause()
  }

  /** Gives others their turn, signals among them. */
  async pause(): Promise<void> {
    await this.#turn()
    this.#terminal.signal.throwIfAborted()
  }

  /** Writes what is waiting. */
  async flush(): Promise<void> {
    this.#terminal.signal.throwIfAborted()
    if (this.#waiting !== '') {
      this.#terminal.out(this.#waiting)
      this.#atStart = this.#waiting.endsWith('\n')
      this.#waiting = ''
      await this.#terminal.flushed?.()
    }
    await this.pause()
  }

  /** What a command prints: its last line is complete, also when a signal ends it. */
  static async to(terminal: Terminal, print: (output: Output) => Promise<void>): Promise<void> {
    const output = new Output(terminal)
    try {
      await print(output)
      await output.flush()
    } finally {
      if (terminal.signal.aborted && !output.#atStart) terminal.out('\n')
    }
  }
}
