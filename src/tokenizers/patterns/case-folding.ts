/**
 * Case folding as Oniguruma applies it: Unicode's full folding, in which a character may equal several (ß is ss). JavaScript has no
 * function for it, but lower(upper(lower(c))) is the folding, one character excepted.
 */

/** The dotless i folds to itself; only in Turkish is it an i. */
const dotlessI = 0x131

/** Where characters with case stand; outside these ranges folding changes nothing. */
const ranges: readonly (readonly [from: number, to: number])[] = [
  [0x41, 0x588],
  [0x10a0, 0x1100],
  [0x13a0, 0x1400],
  [0x1c80, 0x1cc0],
  [0x1d79, 0x1d8f],
  [0x1e00, 0x2000],
  [0x2126, 0x2185],
  [0x24b6, 0x24ea],
  [0x2c00, 0x2d2e],
  [0xa640, 0xa800],
  [0xab53, 0xabc0],
  [0xfb00, 0xfb18],
  [0xff21, 0xff5b],
  [0x10400, 0x10600],
  [0x10c80, 0x10d90],
  [0x118a0, 0x118e0],
  [0x16e40, 0x16ee0],
  [0x1e900, 0x1e944],
]

type Folding = {
  /** Folded text by character, where it differs from the character. */
  folded: Map<number, string>
  /** The characters that fold to a text (one or more characters long), other than itself. */
  unfolded: Map<string, number[]>
}

let tables: Folding | undefined

/** Made when the first pattern that ignores case is read: 6,000 characters, about 2 ms. */
function folding(): Folding {
  if (tables) return tables
  const folded = new Map<number, string>()
  const unfolded = new Map<string, number[]>()
  for (const [from, to] of ranges)
    for (let c = from; c < to; c++) {
      if (c === dotlessI) continue
      const character = String.fromCodePoint(c)
      const text = character.toLowerCase().toUpperCase().toLowerCase()
      if (text === character) continue
      folded.set(c, text)
      const others = unfolded.get(text)
      if (others) others.push(c)
      else unfolded.set(text, [c])
    }
  return (tables = { folded, unfolded })
}

/** The folding of a character. */
export const fold = (codePoint: number): string => folding().folded.get(codePoint) ?? String.fromCodePoint(codePoint)

/** The characters that fold to this text, itself not included. */
export const unfold = (text: string): readonly number[] => folding().unfolded.get(text) ?? []

/** The other characters that equal this one when case is ignored. */
export function equals(codePoint: number): number[] {
  const text = fold(codePoint)
  const all = [...unfold(text)]
  if (text.length === (text.codePointAt(0)! > 0xffff ? 2 : 1)) all.push(text.codePointAt(0)!)
  return all.filter((c) => c !== codePoint)
}

/** Every character that equals a sequence of several, with that sequence. */
export function* sequences(): Generator<[codePoint: number, sequence: number[]]> {
  for (const [c, text] of folding().folded) {
    const sequence = [...text].map((s) => s.codePointAt(0)!)
    if (sequence.length > 1) yield [c, sequence]
  }
}
