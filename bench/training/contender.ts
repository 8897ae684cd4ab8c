/** One side of a benchmark in a process of its own, asked by lines of JSON; between questions it is silent and idle. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface, type Interface } from 'node:readline'

type Waiting = { resolve: (answer: never) => void; reject: (error: Error) => void }

export class Contender {
  readonly #child: ChildProcess
  readonly #lines: Interface
  #waiting: Waiting | undefined
  #complaints = ''
  #ended: Error | undefined

  constructor(program: string, args: readonly string[], env: Record<string, string | undefined> = {}) {
    this.#child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child.stderr!.on('data', (chunk) => (this.#complaints = (this.#complaints + chunk).slice(-4000)))
    this.#child.stdin!.on('error', () => {}) // The end of the process says more.
    this.#lines = createInterface({ input: this.#child.stdout! })
    this.#lines.on('line', (line) => {
      if (!line.startsWith('{')) return
      this.#waiting?.resolve(JSON.parse(line) as never)
      this.#waiting = undefined
    })
    const end = (why: string) => {
      this.#ended = new Error(
        `${program} ended with ${why}:\n${this.#complaints.trim().split('\n').slice(-8).join('\n')}`,
      )
      this.#waiting?.reject(this.#ended)
    }
    this.#child.on('error', (error) => end(error.message))
    this.#child.on('close', (status, signal) => end(String(status ?? signal)))
  }

  /** The next line. Rejects if the process ends before. */
  next<Answer>(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#ended) reject(this.#ended)
      else this.#waiting = { resolve: resolve as Waiting['resolve'], reject }
    })
  }

  async ask<Answer>(question: object): Promise<Answer> {
    const answer = this.next<Answer>()
    this.#child.stdin!.write(`${JSON.stringify(question)}\n`)
    return await answer
  }

  /** Seconds of processor time used so far, by all its threads; NaN where the system does not say. */
  processorTime(): number {
    try {
      // Fields 14 and 15, counted after the command's name, in ticks of 1/100 s.
      const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      return (Number(fields[11]) + Number(fields[12])) / 100
    } catch {
      return Number.NaN
    }
  }

  /** Asks it to end, and waits until it has; after ten seconds it is ended. */
  async close(): Promise<void> {
    if (this.#ended) return
    const closed = new Promise((resolve) => this.#child.on('close', resolve))
    this.#child.stdin!.end()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000)
    await closed
    clearTimeout(timer)
  }
}
