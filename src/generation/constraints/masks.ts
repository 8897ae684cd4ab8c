/** Which tokens may come next in each state of a grammar: the vocabulary's tree walked together with the grammar, and remembered. */
import type { Grammar } from './grammar.ts'
import { Matcher, type State } from './matcher.ts'
import type { TokenTrie } from './token-trie.ts'

/** Ids that may come, or those that may not, whichever are fewer. */
export type Mask = { readonly allows: boolean; readonly ids: Int32Array; readonly none: boolean }

/** Bytes of masks that are kept. */
const mostBytes = 2 ** 26

export class Masks {
  readonly matcher: Matcher
  readonly #trie: TokenTrie
  readonly #vocabulary: number
  readonly #path: State[]
  #known = new Map<State, Mask>()
  #bytes = 0

  /** `vocabulary`: how many logits there are. Errors: those of `Matcher`. */
  constructor(grammar: Grammar, trie: TokenTrie, vocabulary: number) {
    this.matcher = new Matcher(grammar)
    this.#trie = trie
    this.#vocabulary = vocabulary
    this.#path = new Array(trie.deepest + 1)
  }

  /** The tokens whose bytes may come next; no token without bytes is among them. */
  of(state: State): Mask {
    let mask = this.#known.get(state)
    if (mask) return mask
    mask = this.#find(state)
    this.#bytes += mask.ids.byteLength
    if (this.#bytes > mostBytes) {
      this.#known.clear()
      this.#bytes = mask.ids.byteLength
    }
    this.#known.set(state, mask)
    return mask
  }

  #find(start: State): Mask {
    const { bytes, depths, skips, ends, ids } = this.#trie
    const path = this.#path
    const allowed = new Uint8Array(this.#vocabulary)
    let count = 0
    path[0] = start
    for (let node = 0; node < bytes.length; ) {
      const depth = depths[node]!
      const before = path[depth - 1]!
      const byte = bytes[node]!
      const known = before.next[byte]
      const state = known === undefined ? this.matcher.advance(before, byte) : known
      if (state === null) {
        node = skips[node]!
        continue
      }
      path[depth] = state
      for (let i = ends[node]!; i < ends[node + 1]!; i++)
        if (ids[i]! < allowed.length) {
          allowed[ids[i]!] = 1
          count++
        }
      node++
    }
    const allows = count <= allowed.length / 2
    const wanted = allows ? 1 : 0
    const found = new Int32Array(allows ? count : allowed.length - count)
    for (let id = 0, i = 0; id < allowed.length; id++) if (allowed[id] === wanted) found[i++] = id
    return { allows, ids: found, none: count === 0 }
  }
}

const kept = { values: new Float32Array(0) }

/** Removes all that a mask does not allow from logits, but for `ends`, which are removed unless `mayEnd`. */
export function applyMask(logits: Float32Array, { allows, ids }: Mask, ends: readonly number[], mayEnd: boolean): void {
  const endValues = ends.map((id) => (mayEnd ? logits[id]! : Number.NEGATIVE_INFINITY))
  if (allows) {
    if (kept.values.length < ids.length) kept.values = new Float32Array(ids.length)
    for (let i = 0; i < ids.length; i++) kept.values[i] = logits[ids[i]!]!
    logits.fill(Number.NEGATIVE_INFINITY)
    for (let i = 0; i < ids.length; i++) logits[ids[i]!] = kept.values[i]!
  } else for (let i = 0; i < ids.length; i++) logits[ids[i]!] = Number.NEGATIVE_INFINITY
  for (const [i, id] of ends.entries()) logits[id] = endValues[i]!
}
