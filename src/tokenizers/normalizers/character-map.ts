/** Normalizers that take one character at a time: a table by code unit, filled as characters come. */
import { type Aligned, AlignedWriter } from '../text/aligned.ts'

const UNKNOWN = 0
const SAME = 1
const CHANGED = 2
const SURROGATE = 3

/**
 * A function of characters as a function of texts. `rewrite` is asked once for each character; whatever it returns, of any
 * length, stands for that character.
 */
export function characterMap(rewrite: (character: string) => string): (text: Aligned) => Aligned {
  const kinds = new Uint8Array(0x10000).fill(SURROGATE, 0xd800, 0xe000)
  const changed = new Map<number, string>()
  const astral = new Map<number, string>()
  const kindOf = (unit: number): number => {
    const character = String.fromCharCode(unit)
    const written = rewrite(character)
    if (written !== character) changed.set(unit, written)
    return (kinds[unit] = written === character ? SAME : CHANGED)
  }
  const astralText = (codePoint: number): string => {
    let written = astral.get(codePoint)
    if (written === undefined) astral.set(codePoint, (written = rewrite(String.fromCodePoint(codePoint))))
    return written
  }
  return (aligned) => {
    const { text } = aligned
    let writer: AlignedWriter | undefined
    let done = 0
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      const known = kinds[unit]!
      const kind = known === UNKNOWN ? kindOf(unit) : known
      if (kind === SAME) continue
      const from = i
      if (kind === SURROGATE) i++
      const written = kind === SURROGATE ? astralText(text.codePointAt(from)!) : changed.get(unit)!
      if (written === text.slice(from, i + 1)) continue
      writer ??= new AlignedWriter(aligned)
      writer.copy(done, from)
      writer.write(written, from, i + 1)
      done = i + 1
    }
    if (!writer) return aligned
    writer.copy(done, text.length)
    return writer.finish()
  }
}

/** Whether any character of a text passes a test, which is asked once for each character. */
export function characterTest(test: (character: string) => boolean): (text: string) => boolean {
  const [no, yes] = [1, 2]
  let known: Uint8Array | undefined
  const ask = (codePoint: number) => (known![codePoint] = test(String.fromCodePoint(codePoint)) ? yes : no)
  return (text) => {
    known ??= new Uint8Array(0x110000)
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      const codePoint = unit >= 0xd800 && unit < 0xe000 ? text.codePointAt(i)! : unit
      if ((known[codePoint] || ask(codePoint)) === yes) return true
      if (codePoint > 0xffff) i++
    }
    return false
  }
}
