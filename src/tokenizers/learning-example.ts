/**
 * Byte pair encoding as it is first explained (Gage 1994): the pair of neighbors that occurs most often in a text becomes a new letter,
 * again and again, until no pair occurs twice.
 */
import { usageError } from '../base/errors.ts'

/** A letter that was given to a pair. */
export type LearnedPair = {
  letter: string
  /** Characters of the text, or letters from before. */
  pair: readonly [string, string]
  /** How often the pair occurred, overlaps counted. */
  count: number
  /** The characters of the text that the letter stands for. */
  standsFor: string
  /** The text with the letter in every place of the pair. */
  text: string
}

export type LearningExample = {
  text: string
  steps: readonly LearnedPair[]
  /** Whether it ended because there are no more letters that the text does not have. */
  outOfLetters: boolean
}

/** Every pair is counted anew for every letter. */
const longest = 20_000

/** Z, Y, X, … A, then capitals of other scripts; none that the text has. */
function* lettersBeside(text: string): Generator<string> {
  const taken = new Set(text)
  const latin = [...'ZYXWVUTSRQPONMLKJIHGFEDCBA']
  for (const letter of latin) if (!taken.has(letter)) yield letter
  for (let point = 0xc0; point < 0x1_0000; point++) {
    const letter = String.fromCharCode(point)
    if (/\p{Lu}/u.test(letter) && !taken.has(letter)) yield letter
  }
}

/**
 * Learns pairs from a text alone. Among pairs that are equally frequent the one whose parts came first wins: characters by their code,
 * then letters in the order in which they were given. Errors: `TOO_LONG`.
 */
export function learningExample(text: string): LearningExample {
  const characters = [...text]
  if (characters.length > longest)
    throw usageError(
      'TOO_LONG',
      `The text has ${characters.length} characters, expected at most ${longest} for merges to be shown.\nTake a part of it, or learn a tokenizer from it: pellucid tokenizer train.`,
    )
  const signs = [...new Set(characters)].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!)
  const standFor = [...signs]
  const ids = new Map(signs.map((sign, id) => [sign, id]))
  let symbols = Int32Array.from(characters, (character) => ids.get(character)!)
  const letters = lettersBeside(text)
  const steps: LearnedPair[] = []
  for (let best = mostFrequent(symbols); best; best = mostFrequent(symbols)) {
    const { value: letter } = letters.next()
    if (letter === undefined) return { text, steps, outOfLetters: true }
    const { left, right, count } = best
    symbols = merged(symbols, left, right, signs.length)
    signs.push(letter)
    standFor.push(standFor[left]! + standFor[right]!)
    steps.push({
      letter,
      pair: [signs[left]!, signs[right]!],
      count,
      standsFor: standFor.at(-1)!,
      text: Array.from(symbols, (id) => signs[id]!).join(''),
    })
  }
  return { text, steps, outOfLetters: false }
}

/** The pair that occurs most often, if one occurs twice; of several the one of the smallest ids. */
function mostFrequent(symbols: Int32Array): { left: number; right: number; count: number } | undefined {
  const counts = new Map<number, number>()
  let [bestKey, most] = [0, 1]
  for (let i = 0; i + 1 < symbols.length; i++) {
    const key = symbols[i]! * 2 ** 20 + symbols[i + 1]!
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  for (const [key, count] of counts)
    if (count > most || (count === most && count > 1 && key < bestKey)) [bestKey, most] = [key, count]
  return most < 2 ? undefined : { left: Math.floor(bestKey / 2 ** 20), right: bestKey % 2 ** 20, count: most }
}

/** A pair replaced from left to right. */
function merged(symbols: Int32Array, left: number, right: number, by: number): Int32Array<ArrayBuffer> {
  const out = new Int32Array(symbols.length)
  let length = 0
  for (let i = 0; i < symbols.length; i++) {
    const pair = symbols[i] === left && symbols[i + 1] === right
    out[length++] = pair ? by : symbols[i]!
    if (pair) i++
  }
  return out.slice(0, length)
}
