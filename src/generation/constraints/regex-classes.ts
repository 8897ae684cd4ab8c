/** Which characters a class of a regular expression holds, asked of JavaScript's own expressions: exact for any class and flag. */
import { anyPoint, type CodePoints, codePoints, complement } from './code-points.ts'

/** All characters in order, those above U+FFFF apart, since expressions outside of Unicode mode cannot name them. */
const texts: { basic?: string; others?: string } = {}

function charactersOf([from, to]: readonly [number, number]): string {
  const parts: string[] = []
  for (let low = from; low <= to; low += 4096)
    parts.push(String.fromCodePoint(...Array.from({ length: Math.min(4096, to - low + 1) }, (_, i) => low + i)))
  return parts.join('')
}

const basic = () => (texts.basic ??= charactersOf([0, 0xd7ff]) + charactersOf([0xe000, 0xffff]))
const others = () => (texts.others ??= charactersOf([0x10000, 0x10ffff]))

/** Classes seen, by their source and flags: going through all of Unicode takes some milliseconds. */
const known = new Map<string, CodePoints>()
const mostKnown = 1000

/** The characters of a class such as `[^a-z\d]` that UTF-8 can spell; outside of Unicode mode none above U+FFFF. */
export function pointsOfClass(source: string, unicode: boolean, ignoreCase: boolean): CodePoints {
  const key = `${unicode} ${ignoreCase} ${source}`
  let points = known.get(key)
  if (!points) {
    if (known.size >= mostKnown) known.clear()
    known.set(key, (points = scan(source, unicode, ignoreCase)))
  }
  return points
}

function scan(source: string, unicode: boolean, ignoreCase: boolean): CodePoints {
  // Most characters are in a negated class: those that are not are found sooner.
  if (source.startsWith('[^') && source !== '[^]') {
    const others = complement(pointsOfClass(`[${source.slice(2)}`, unicode, ignoreCase))
    return unicode ? others : intersectBasic(others)
  }
  if (source === '[^]') return unicode ? anyPoint : intersectBasic(anyPoint)
  const expression = new RegExp(`${source}+`, `g${unicode ? 'u' : ''}${ignoreCase ? 'i' : ''}`)
  const ranges: [number, number][] = []
  for (const text of unicode ? [basic(), others()] : [basic()])
    for (const { 0: run } of text.matchAll(expression)) {
      const end = run.charCodeAt(run.length - 1)
      const low = end >= 0xdc00 && end <= 0xdfff
      ranges.push([run.codePointAt(0)!, low ? run.codePointAt(run.length - 2)! : end])
    }
  // A run may go on from U+D7FF to U+E000; a set never holds what lies between.
  return codePoints(ranges)
}

const intersectBasic = (points: CodePoints): CodePoints =>
  points.flatMap(([low, high]): [number, number][] => (low > 0xffff ? [] : [[low, Math.min(high, 0xffff)]]))
