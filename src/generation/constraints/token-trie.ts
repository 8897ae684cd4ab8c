/** The tokens of a vocabulary as a tree of their bytes, laid out in the order of a walk, so that common beginnings are read once. */
import type { Tokenizer } from '../../tokenizers/index.ts'

/** Nodes in preorder: a node is followed by those below it. */
export type TokenTrie = {
  /** Byte that leads to each node. */
  readonly bytes: Uint8Array
  /** How many bytes lead to each node. */
  readonly depths: Uint16Array
  /** The node that follows when everything below a node is left out. */
  readonly skips: Int32Array
  /** Tokens that end at node i: ids[ends[i]] to ids[ends[i + 1]], end excluded. */
  readonly ends: Int32Array
  readonly ids: Int32Array
  /** Most bytes of a token. */
  readonly deepest: number
}

const tries = new WeakMap<Tokenizer, TokenTrie>()

/** The tokens that stand for bytes; made once for each tokenizer. Special tokens stand for none. */
export function tokenTrie(tokenizer: Tokenizer): TokenTrie {
  let trie = tries.get(tokenizer)
  if (!trie) tries.set(tokenizer, (trie = build(tokenizer)))
  return trie
}

type Entry = { readonly id: number; readonly bytes: Uint8Array }

function compare({ bytes: a }: Entry, { bytes: b }: Entry): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}

function common(a: Uint8Array, b: Uint8Array): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length++
  return length
}

function build(tokenizer: Tokenizer): TokenTrie {
  const entries: Entry[] = []
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    const bytes = tokenizer.bytesOf(id)
    if (bytes?.length && bytes.length < 2 ** 16) entries.push({ id, bytes })
  }
  entries.sort(compare)
  const bytes: number[] = []
  const depths: number[] = []
  const ends: number[] = []
  const ids: number[] = []
  let before: Uint8Array = new Uint8Array(0)
  let deepest = 0
  for (const entry of entries) {
    for (let depth = common(before, entry.bytes); depth < entry.bytes.length; depth++) {
      bytes.push(entry.bytes[depth]!)
      depths.push(depth + 1)
      ends.push(ids.length)
    }
    ids.push(entry.id)
    before = entry.bytes
    deepest = Math.max(deepest, before.length)
  }
  ends.push(ids.length)
  return {
    bytes: Uint8Array.from(bytes),
    depths: Uint16Array.from(depths),
    skips: skipsOf(depths),
    ends: Int32Array.from(ends),
    ids: Int32Array.from(ids),
    deepest,
  }
}

/** For each node the next one that is not below it. */
function skipsOf(depths: readonly number[]): Int32Array {
  const skips = new Int32Array(depths.length).fill(depths.length)
  const open: number[] = []
  for (const [node, depth] of depths.entries()) {
    while (open.length && depths[open.at(-1)!]! >= depth) skips[open.pop()!] = node
    open.push(node)
  }
  return skips
}
