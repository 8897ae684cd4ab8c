/** A vocabulary as a tree of UTF-16 code units, so that all tokens that begin at a place of a text are found in one walk. */

/** Numbers per cell: the parent's node plus one (0 is a free cell), the unit, the node, and the id of the token that ends here. */
const stride = 4
export const NO_TOKEN = -1

/** Node 0 is the root. The children of all nodes lie in one open-addressing table, a cell each. */
export class Trie {
  #cells = new Int32Array(1024 * stride)
  #mask = 1023
  #nodes = 1

  /** The cell of a node's child, or the free one where it would go. */
  #locate(node: number, unit: number): number {
    const cells = this.#cells
    let hash = Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)
    hash ^= hash >>> 15
    let slot = hash & this.#mask
    for (;;) {
      const cell = slot * stride
      const parent = cells[cell]!
      if (parent === 0 || (parent === node + 1 && cells[cell + 1] === unit)) return cell
      slot = (slot + 1) & this.#mask
    }
  }

  #grow(): void {
    const old = this.#cells
    this.#cells = new Int32Array(2 * old.length)
    this.#mask = 2 * this.#mask + 1
    for (let cell = 0; cell < old.length; cell += stride)
      if (old[cell] !== 0)
        this.#cells.set(old.subarray(cell, cell + stride), this.#locate(old[cell]! - 1, old[cell + 1]!))
  }

  /** The cell of a node's child, which is added where there is none. */
  #reach(node: number, unit: number): number {
    if (2 * this.#nodes > this.#mask) this.#grow()
    const cell = this.#locate(node, unit)
    const cells = this.#cells
    if (cells[cell] === 0) {
      cells[cell] = node + 1
      cells[cell + 1] = unit
      cells[cell + 2] = this.#nodes++
      cells[cell + 3] = NO_TOKEN
    }
    return cell
  }

  /** Adds a token, which must not be empty. */
  add(token: string, id: number): void {
    let cell = 0
    for (let i = 0; i < token.length; i++) cell = this.#reach(i === 0 ? 0 : this.node(cell), token.charCodeAt(i))
    this.#cells[cell + 3] = id
  }

  /** Adds the token that the numbers [from, to) spell: UTF-16 code units, or what stands for characters in the whole tree. */
  addUnits(units: ArrayLike<number>, from: number, to: number, id: number): void {
    let cell = 0
    for (let i = from; i < to; i++) cell = this.#reach(i === from ? 0 : this.node(cell), units[i]!)
    this.#cells[cell + 3] = id
  }

  /** The cell of a node's child for `node` and `token`, or −1 if it has no such child. */
  child(node: number, unit: number): number {
    const cell = this.#locate(node, unit)
    return this.#cells[cell] === 0 ? -1 : cell
  }

  node(cell: number): number {
    return this.#cells[cell + 2]!
  }

  /** The id of the token that ends at a cell, or `NO_TOKEN`. */
  token(cell: number): number {
    return this.#cells[cell + 3]!
  }

  /** Where the token ends that `longest` found last. */
  end = 0

  /** The id of the longest token that begins at `start` of a text, walked from `node` on; `NO_TOKEN` if none does. */
  longest(text: string, start: number, node = 0): number {
    let id = NO_TOKEN
    for (let i = start; i < text.length; i++) {
      const cell = this.child(node, text.charCodeAt(i))
      if (cell < 0) break
      node = this.node(cell)
      if (this.token(cell) === NO_TOKEN) continue
      id = this.token(cell)
      this.end = i + 1
    }
    return id
  }

  /** The node that a text leads to, or −1. */
  walk(text: string): number {
    let node = 0
    for (let i = 0; i < text.length; i++) {
      const cell = this.child(node, text.charCodeAt(i))
      if (cell < 0) return -1
      node = this.node(cell)
    }
    return node
  }
}
