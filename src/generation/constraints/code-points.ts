/** Sets of characters as sorted ranges of code points, and the machines that read their UTF-8. */
import type { Edge, MachineState } from './grammar.ts'

/** [first, last] code points, sorted, with gaps between them, without surrogates: what UTF-8 can spell. */
export type CodePoints = readonly (readonly [number, number])[]

const last = 0x10ffff
export const anyPoint: CodePoints = [
  [0, 0xd7ff],
  [0xe000, last],
]

/** Ranges in any order → a set. */
export function codePoints(ranges: readonly (readonly [number, number])[]): CodePoints {
  const merged: [number, number][] = []
  for (const [low, high] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const before = merged.at(-1)
    if (before && low <= before[1] + 1) before[1] = Math.max(before[1], high)
    else merged.push([low, high])
  }
  return merged.flatMap(([low, high]): [number, number][] => {
    if (high < 0xd800 || low > 0xdfff) return [[low, high]]
    return [
      ...(low < 0xd800 ? [[low, 0xd7ff] as [number, number]] : []),
      ...(high > 0xdfff ? [[0xe000, high] as [number, number]] : []),
    ]
  })
}

/** Those characters of a string. */
export const pointsOf = (characters: string): CodePoints =>
  codePoints([...characters].map((character) => [character.codePointAt(0)!, character.codePointAt(0)!]))

/** All characters but these. */
export function complement(points: CodePoints): CodePoints {
  const rest: [number, number][] = []
  let from = 0
  for (const [low, high] of points) {
    if (low > from) rest.push([from, low - 1])
    from = high + 1
  }
  if (from <= last) rest.push([from, last])
  return codePoints(rest)
}

/** The first byte of a character of n + 1 bytes holds these bits beside those of the code point. */
const leads = [0, 0xc0, 0xe0, 0xf0]
/** Characters of n + 1 bytes: first and last code point (Unicode table 3-6). */
const lengths = [
  [0, 0x7f],
  [0x80, 0x7ff],
  [0x800, 0xffff],
  [0x10000, last],
] as const

/** The machine that reads the UTF-8 of one character of a set. Equal ends are shared. */
export function utf8Machine(points: CodePoints): MachineState {
  const accept: MachineState = { accepting: true, edges: [] }
  const known = new Map<string, MachineState>()
  /** Values below 64^n, of which every byte holds 6 bits. */
  const rest = (values: CodePoints, n: number): MachineState => {
    if (n === 0) return accept
    const key = `${n}:${values.join(';')}`
    let state = known.get(key)
    if (!state) known.set(key, (state = { accepting: false, edges: edges(values, n - 1, 0x80) }))
    return state
  }
  /** By the digit before the last n. */
  const edges = (values: CodePoints, n: number, bits: number): Edge[] => {
    const unit = 64 ** n
    const byDigit = new Map<number, [number, number][]>()
    for (const [low, high] of values)
      for (let digit = Math.floor(low / unit); digit <= Math.floor(high / unit); digit++) {
        const start = digit * unit
        if (!byDigit.has(digit)) byDigit.set(digit, [])
        byDigit.get(digit)!.push([Math.max(low - start, 0), Math.min(high - start, unit - 1)])
      }
    const found: { low: number; high: number; to: MachineState }[] = []
    for (const [digit, inner] of byDigit) {
      const to = rest(inner, n)
      const before = found.at(-1)
      if (before?.to === to && before.high === bits + digit - 1) before.high++
      else found.push({ low: bits + digit, high: bits + digit, to })
    }
    return found
  }
  const start: MachineState = { accepting: false, edges: [] }
  for (const [n, [from, to]] of lengths.entries()) {
    const values = points
      .filter(([low, high]) => high >= from && low <= to)
      .map(([low, high]): [number, number] => [Math.max(low, from), Math.min(high, to)])
    start.edges.push(...edges(values, n, leads[n]!))
  }
  return start
}
