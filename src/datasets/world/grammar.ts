/**
 * Patterns with slots: one description from which sentences are drawn, written out and read back.
 *
 * A pattern is a sentence with slots in braces. `{p:person}` declares the variable p, a word of the category `person`; `{p}` writes the
 * word again, `{p.their}` its form or fact `their`; a declaration may write a form too (`{s.a:size}`). `{g:w.wear}` declares g in the
 * category that the fact `wear` of w names. `{a+b}` and `{a-b}` write the number that results. A slot that opens a sentence or a
 * quotation is capitalized. Different variables hold different words, unless their category is repeatable.
 */
import type { RandomStream } from '../../base/random.ts'
import { type Category, lexicon, type Word } from './lexicon.ts'

/** What each variable of a pattern stands for. */
export type Words = Readonly<Record<string, Word>>

/** A stretch of a sentence that a variable wrote: `text.slice(start, end)`, in UTF-16 code units. */
export type Mention = {
  start: number
  end: number
  label: string
  /** The variable; mentions of one sentence with the same variable are about the same thing. Sums have `a+b`. */
  variable: string
  /** `text` for the word itself, else the form or fact written: `their`, `plural`, `sound`, … */
  form: string
}

type Slot = { variable: string; form: string; category?: string; capital: boolean }
type Sum = { left: string; sign: '+' | '-'; right: string; capital: boolean }
type Part = string | Slot | Sum
export type Pattern = { readonly source: string; readonly parts: readonly Part[] }

const slotSyntax = /\{(?:(\w+)([+-])(\w+)|(\w+)(?:\.(\w+))?(?::([\w.]+))?)\}/g
const capitalize = (text: string) => text[0]!.toUpperCase() + text.slice(1)

/** Reads a pattern. `declared` are variables that it may use without declaring them; a slip in the pattern is an `Error`. */
export function pattern(source: string, declared: Iterable<string> = []): Pattern {
  const known = new Set(declared)
  const parts: Part[] = []
  let end = 0
  for (const match of source.matchAll(slotSyntax)) {
    const literal = source.slice(end, match.index)
    if (literal) parts.push(literal)
    end = match.index + match[0].length
    const capital = match.index === 0 || /(^|, )"$/.test(source.slice(0, match.index))
    const [, left, sign, right, variable, form = 'text', category] = match
    if (left && right) parts.push({ left, sign: sign as '+' | '-', right, capital })
    else parts.push({ variable: variable!, form, category: category || undefined, capital })
    if (category) known.add(variable!)
    for (const name of [left, right, variable]) {
      if (name && !known.has(name)) throw new Error(`"${source}" uses ${name} before declaring it`)
    }
  }
  if (end < source.length) parts.push(source.slice(end))
  if (parts.some((part) => typeof part === 'string' && /[{}]/.test(part))) throw new Error(`"${source}" has a bad slot`)
  return { source, parts }
}

/** The variables that a pattern declares. */
export const variablesOf = (p: Pattern): string[] =>
  p.parts.flatMap((part) => (typeof part !== 'string' && 'category' in part && part.category ? [part.variable] : []))

/** The category of a declaring slot, given the words to its left. */
function categoryOf(declaration: string, words: Words): Category {
  const [first, fact] = declaration.split('.') as [string, string?]
  const category = lexicon[fact ? String(words[first]?.[fact]) : first]
  if (!category) throw new Error(`no category ${declaration} in the lexicon`)
  return category
}

/** The words that a declaring slot may hold, given the words to its left. */
function candidates(declaration: string, words: Words): readonly Word[] {
  const category = categoryOf(declaration, words)
  const taken = category.repeatable ? [] : Object.values(words)
  return taken.length === 0 ? category.words : category.words.filter((word) => !taken.includes(word))
}

/** The number word of a sum or difference, or undefined where the world has no such number. */
function resultOf(sum: Sum, words: Words): Word | undefined {
  const [a, b] = [Number(words[sum.left]?.value), Number(words[sum.right]?.value)]
  return lexicon.number!.words[(sum.sign === '+' ? a + b : a - b) - 1]
}

/** What a slot writes: undefined for a sum that the world has no number for. */
function written(part: Slot | Sum, words: Words): string | undefined {
  const text = 'left' in part ? resultOf(part, words)?.text : words[part.variable]?.[part.form]
  if (text === undefined && 'form' in part) throw new Error(`${part.variable} has no ${part.form}`)
  return text === undefined || !part.capital ? (text as string | undefined) : capitalize(String(text))
}

/** Draws a word for every variable that `given` leaves open. Sums that the world has no number for are drawn again. */
export function draw(p: Pattern, random: RandomStream, given: Words = {}): Words {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const words: Record<string, Word> = { ...given }
    let valid = true
    for (const part of p.parts) {
      if (typeof part === 'string') continue
      if ('left' in part) valid &&= resultOf(part, words) !== undefined
      else if (part.category) words[part.variable] ??= random.pick(candidates(part.category, words))
    }
    if (valid) return words
  }
  throw new Error(`"${p.source}" found no words that fit`)
}

/** Writes a pattern with its words. */
export function write(p: Pattern, words: Words): string {
  return p.parts.map((part) => (typeof part === 'string' ? part : written(part, words))).join('')
}

/** Where each variable is mentioned in the text that `write` gives. */
export function mentionsOf(p: Pattern, words: Words): Mention[] {
  const labels: Record<string, string> = {}
  const mentions: Mention[] = []
  let start = 0
  for (const part of p.parts) {
    const end = start + (typeof part === 'string' ? part : written(part, words)!).length
    if (typeof part !== 'string' && 'left' in part) {
      const variable = `${part.left}${part.sign}${part.right}`
      mentions.push({ start, end, label: lexicon.number!.label, variable, form: 'text' })
    } else if (typeof part !== 'string') {
      const { variable, form, category } = part
      if (category) labels[variable] = categoryOf(category, words).label
      mentions.push({ start, end, label: labels[variable]!, variable, form })
    }
    start = end
  }
  return mentions
}

/** How far a reading got before the text left the pattern, and what the pattern wanted there. */
export type Miss = { position: number; expected: string }

/** The words with which a pattern writes exactly `text`, or undefined; `miss` then remembers the furthest point reached. */
export function read(p: Pattern, text: string, miss: Miss): Words | undefined {
  const words: Record<string, Word> = {}
  const fail = (position: number, expected: () => string) => {
    if (position > miss.position) Object.assign(miss, { position, expected: expected() })
    return false
  }
  const readFrom = (index: number, position: number): boolean => {
    const part = p.parts[index]
    if (part === undefined) return position === text.length || fail(position, () => 'the end')
    const follows = (piece: string) => text.startsWith(piece, position) && readFrom(index + 1, position + piece.length)
    if (typeof part === 'string' || 'left' in part || !part.category) {
      const piece = typeof part === 'string' ? part : written(part, words)
      return (
        (piece !== undefined && follows(piece)) ||
        fail(position, () => (piece ? `"${piece}"` : 'numbers from one to ten'))
      )
    }
    const options = candidates(part.category, words)
    for (const word of options) {
      words[part.variable] = word
      if (follows(written(part, words)!)) return true
      delete words[part.variable]
    }
    return fail(position, () => `one of ${options.map((word) => word[part.form]).join(', ')}`)
  }
  return readFrom(0, 0) ? words : undefined
}
