/** The runs of a session that are in flight: what it takes to cancel them and to wait for them. */
import { check, created } from './api.ts'
import { environment } from './environment.ts'

/** Hands out run options (the handle through which a run is cancelled) and reuses them. */
export class Runs {
  readonly #idle: bigint[] = []
  readonly #flying = new Set<bigint>()
  readonly #cancelled = new Set<bigint>()
  #whenIdle: (() => void)[] = []

  /** Options for a run that starts now. */
  begin(): bigint {
    const options = this.#idle.pop() ?? created((out) => environment().api.CreateRunOptions(out))
    this.#flying.add(options)
    return options
  }

  end(options: bigint): void {
    if (this.#cancelled.delete(options)) check(environment().api.RunOptionsUnsetTerminate(options))
    this.#flying.delete(options)
    this.#idle.push(options)
    if (this.#flying.size > 0) return
    for (const resume of this.#whenIdle) resume()
    this.#whenIdle = []
  }

  /** Ends one run before its next node. */
  cancel(options: bigint): void {
    if (!this.#flying.has(options)) return
    this.#cancelled.add(options)
    check(environment().api.RunOptionsSetTerminate(options))
  }

  cancelAll(): void {
    for (const options of this.#flying) this.cancel(options)
  }

  /** Resolves once nothing is in flight. */
  settled(): Promise<void> {
    return this.#flying.size === 0 ? Promise.resolve() : new Promise((resume) => this.#whenIdle.push(resume))
  }

  /** Frees the options; only after `settled`. */
  release(): void {
    for (const options of this.#idle.splice(0)) environment().api.ReleaseRunOptions(options)
  }
}
