/** Grammars narrowed to what a vocabulary can spell, so that no text is begun that could not be finished. */
import { decodeUtf8 } from '../../base/utf8.ts'
import { type CodePoints, codePoints, complement } from './code-points.ts'
import { type Expression, type Grammar, repeat, set } from './grammar.ts'
import { combine } from './regular.ts'
import type { TokenTrie } from './token-trie.ts'

/**
 * The characters that are tokens of their own (or whose bytes are), if they can spell every other token too; undefined where all bytes are
 * tokens, so that anything can be spelled, and where longer tokens hold what shorter ones do not, so that characters do not decide.
 */
export function alphabetOf({ bytes, depths, ends }: TokenTrie): CodePoints | undefined {
  const single = new Set<number>()
  for (let node = 0; node < bytes.length; node++)
    if (depths[node] === 1 && ends[node + 1]! > ends[node]!) single.add(bytes[node]!)
  if (single.size === 256) return undefined
  const points: [number, number][] = [...single].filter((byte) => byte < 0x80).map((byte) => [byte, byte])
  const longer: string[] = []
  const path: number[] = []
  for (let node = 0; node < bytes.length; node++) {
    path.length = depths[node]! - 1
    path.push(bytes[node]!)
    if (ends[node + 1] === ends[node] || path.every((byte) => single.has(byte))) continue
    const decoded = decodeUtf8(Uint8Array.from(path))
    if (!('text' in decoded)) return undefined
    const first = decoded.text.codePointAt(0)!
    if (String.fromCodePoint(first) === decoded.text) points.push([first, first])
    else longer.push(decoded.text)
  }
  const alphabet = codePoints(points)
  const known = new Set([...longer.join('')])
  for (const character of known) if (!holds(alphabet, character.codePointAt(0)!)) return undefined
  return alphabet
}

const holds = (points: CodePoints, point: number): boolean =>
  points.some(([low, high]) => low <= point && point <= high)

/** The texts of a grammar that are made of some characters. */
export function spelledWith(alphabet: CodePoints, { root, rules }: Grammar): Grammar {
  const any = repeat(set(alphabet), 0)
  const outside = complement(alphabet)
  const known = new Map<Expression, Expression>()
  const narrow = (expression: Expression): Expression => {
    let found = known.get(expression)
    if (!found) known.set(expression, (found = narrowed(expression)))
    return found
  }
  const narrowed = (expression: Expression): Expression => {
    switch (expression.kind) {
      case 'set':
        return { kind: 'set', points: complement(codePoints([...complement(expression.points), ...outside])) }
      case 'machine':
        return combine([expression, any])
      case 'sequence':
      case 'choice':
        return { kind: expression.kind, items: expression.items.map(narrow) }
      case 'repeat':
        return { ...expression, item: narrow(expression.item) }
      case 'rule':
        return expression
    }
  }
  return { root, rules: new Map([...rules].map(([name, expression]) => [name, narrow(expression)])) }
}
