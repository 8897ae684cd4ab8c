/** Finds tokens in text: of those that occur, the leftmost, and of those that begin there the longest. */
import type { AddedToken } from './added-tokens.ts'
import { NO_TOKEN, Trie } from './models/trie.ts'

export class TokenFinder {
  readonly #tokens: AddedToken[] = []
  readonly #trie = new Trie()
  /** 1 for the units that tokens begin with: most places of most texts need no more than this. */
  readonly #begins = new Uint8Array(0x10000)
  /** The unit that all tokens begin with, as a string; undefined if they begin with several. */
  #first: string | undefined

  /** What `find` found last. */
  token!: AddedToken
  start = 0
  end = 0

  /** `text` is what the token is looked for with. Nothing is found by an empty one. */
  add(text: string, token: AddedToken): void {
    if (text === '') return
    this.#trie.add(text, this.#tokens.length)
    this.#begins[text.charCodeAt(0)] = 1
    this.#first = this.#tokens.length === 0 || this.#first === text[0] ? text[0] : undefined
    this.#tokens.push(token)
  }

  /** Finds the first token at or after `from`; it is left in `token`, `start` and `end`. */
  find(text: string, from: number): boolean {
    if (this.#tokens.length === 0) return false
    const begins = this.#begins
    const first = this.#first
    for (let at = from; at < text.length; at++) {
      if (first !== undefined) at = text.indexOf(first, at)
      if (at < 0) return false
      if (begins[text.charCodeAt(at)] === 0) continue
      const found = this.#trie.longest(text, at)
      if (found === NO_TOKEN) continue
      this.token = this.#tokens[found]!
      this.start = at
      this.end = this.#trie.end
      return true
    }
    return false
  }
}
