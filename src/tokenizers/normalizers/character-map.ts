/** Normalizers that take one character at a time: a table by code unit, filled as characters come. */
import { type Aligned, AlignedWriter } from '../text/aligned.ts'
import { CharacterTable } from '../text/character-table.ts'
import { characterLength } from '../text/unicode.ts'

/**
 * A function of characters as a function of texts. `rewrite` is asked once for each character; whatever it returns, of any
 * length, stands for that character.
 */
export function characterMap(rewrite: (character: string) => string): (text: Aligned) => Aligned {
  /** Unit → the unit that takes its place; 0 where that is not known yet or is no single unit. */
  const table = new Uint16Array(0x10000)
  const others = new Map<number, string>()
  const rewritten = (point: number): string => {
    let written = others.get(point)
    if (written === undefined) {
      written = rewrite(String.fromCodePoint(point))
      if (point < 0x10000 && written.length === 1) table[point] = written.charCodeAt(0)
      if (table[point] === 0 || point > 0xffff) others.set(point, written)
    }
    return written
  }
  return (aligned) => {
    const { text } = aligned
    const { length } = text
    let i = 0
    while (i < length) {
      const unit = text.charCodeAt(i)
      const known = table[unit]!
      if (known !== unit || unit === 0) {
        if (known > 0) break
        const end = i + characterLength(text, i)
        if (rewritten(text.codePointAt(i)!) !== text.slice(i, end)) break
        i = end
      } else i++
    }
    if (i === length) return aligned
    const writer = new AlignedWriter(aligned)
    writer.copy(0, i)
    for (i = writer.copyThrough(table, i); i < length; i = writer.copyThrough(table, i)) {
      const end = i + characterLength(text, i)
      writer.write(rewritten(text.codePointAt(i)!), i, end)
      i = end
    }
    return writer.finish()
  }
}

/** Whether any character of a text passes a test, which is asked once for each character. */
export function characterTest(test: (character: string) => boolean): (text: string) => boolean {
  const [no, yes] = [0, 1]
  const table = new CharacterTable((codePoint) => (test(String.fromCodePoint(codePoint)) ? yes : no))
  return (text) => {
    for (let i = 0; i < text.length; i++) {
      if (table.units[text.charCodeAt(i)] === no) continue
      if (table.at(text, i) === yes) return true
      i += characterLength(text, i) - 1
    }
    return false
  }
}
