/** A growing list of 32-bit integers: what tokenization writes millions of, without an object for each. */

/** A copy of a column with room for more entries. */
export function enlarged<T extends Uint16Array | Int32Array | Float64Array>(column: T, capacity: number): T {
  const larger = new (column.constructor as new (length: number) => T)(capacity)
  larger.set(column)
  return larger
}

/** Longer lists are not kept to be filled again. */
const mostKept = 1 << 16

export class IntegerList {
  data: Int32Array
  length = 0
  /** Up to 16 integers lie beside the array's object, which makes short lists cheap in V8. */
  constructor(capacity = 16) {
    this.data = new Int32Array(capacity)
  }

  push(value: number): void {
    if (this.length === this.data.length) this.#grow()
    this.data[this.length++] = value
  }

  /** Two at once, for the bounds of a range. */
  pushPair(first: number, second: number): void {
    if (this.length + 2 > this.data.length) this.#grow()
    this.data[this.length++] = first
    this.data[this.length++] = second
  }

  /** The numbers so far, sharing memory with the list. */
  view(): Int32Array {
    return this.data.subarray(0, this.length)
  }

  /** Empties the list. Its memory is kept for what comes next, unless that is very much. */
  clear(): void {
    this.length = 0
    if (this.data.length > mostKept) this.data = new Int32Array(16)
  }

  #grow(): void {
    this.data = enlarged(this.data, 2 * this.data.length + 2)
  }
}
