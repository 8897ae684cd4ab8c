/** A small number for each character: its class, its flags, whether it belongs to a set. */

/** In `units`: ask `at` or `of`. */
export const UNKNOWN = 255

/**
 * Numbers below `UNKNOWN`, each worked out when it is first asked for: to put all 65,536 code units to a few regular expressions would
 * cost every start 10 ms.
 */
export class CharacterTable {
  /** By UTF-16 code unit, `UNKNOWN` for what has not been asked yet and for halves of characters. For loops over long texts. */
  readonly units = new Uint8Array(0x10000).fill(UNKNOWN)
  readonly #classify: (codePoint: number) => number
  readonly #astral = new Map<number, number>()
  constructor(classify: (codePoint: number) => number) {
    this.#classify = classify
  }

  /** Of the character that begins at `index`. */
  at(text: string, index: number): number {
    const known = this.units[text.charCodeAt(index)]!
    return known === UNKNOWN ? this.#ask(text.codePointAt(index)!) : known
  }

  of(codePoint: number): number {
    const known = codePoint < 0x10000 ? this.units[codePoint]! : UNKNOWN
    return known === UNKNOWN ? this.#ask(codePoint) : known
  }

  #ask(codePoint: number): number {
    if (codePoint > 0xffff) {
      let known = this.#astral.get(codePoint)
      if (known === undefined) this.#astral.set(codePoint, (known = this.#classify(codePoint)))
      return known
    }
    const found = this.#classify(codePoint)
    if ((codePoint & 0xf800) !== 0xd800) this.units[codePoint] = found
    return found
  }
}
