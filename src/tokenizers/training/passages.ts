/**
 * Long texts in passages that can be cut into words one by one. Where a passage ends depends on the text alone, not on the chunks
 * that it comes in.
 */

/** A passage has at least so many UTF-16 code units, if the text has, and at most twice as many. */
const usualLength = 2 ** 18

/**
 * Between a line with text and one that begins with a word; between two words of a line. No split pattern of a published tokenizer
 * makes one word across these. Stages that do, since they do not cut there at all, find a word cut here in a quarter of a million units.
 */
const borders = [/(?<=\S\n)[\p{L}\p{N}]/gu, /(?<=\S) (?=[\p{L}\p{N}])/gu]

/** Where the passage that begins at `from` ends. `text` goes on for more than twice `shortest` units, or to its end. */
function endOfPassage(text: string, from: number, shortest: number): number {
  const longest = 2 * shortest
  const window = text.slice(from + shortest - 2, from + longest + 2)
  for (const border of borders) {
    border.lastIndex = 3
    const found = border.exec(window)
    if (found && found.index <= shortest + 2) return from + shortest - 2 + found.index
  }
  if (text.length - from <= longest) return text.length
  const unit = text.charCodeAt(from + longest - 1)
  return from + longest - (unit >= 0xd800 && unit < 0xdc00 ? 1 : 0)
}

/** How a long text is taken apart: into passages, or each line with its end as a text of its own. */
export type Reading = { readonly lines?: boolean }

/** Takes a text in chunks, and hands on passages. */
export class Passages {
  readonly #lines: boolean
  readonly #shortest: number
  #waiting = ''
  constructor({ lines = false }: Reading, shortest = usualLength) {
    this.#lines = lines
    this.#shortest = shortest
  }

  /** The passages that a chunk completes. */
  *push(chunk: string): Generator<string> {
    this.#waiting += chunk
    yield* this.#take(false)
  }

  /** What is left when the text has ended. */
  *end(): Generator<string> {
    yield* this.#take(true)
  }

  *#take(ended: boolean): Generator<string> {
    const text = this.#waiting
    let from = 0
    while (from < text.length) {
      const end = this.#end(text, from, ended)
      if (end === undefined) break
      yield text.slice(from, end)
      from = end
    }
    this.#waiting = text.slice(from)
  }

  #end(text: string, from: number, ended: boolean): number | undefined {
    const shortest = this.#shortest
    const longest = 2 * shortest
    const line = this.#lines ? text.indexOf('\n', from) : -1
    if (line >= 0 && line - from < longest) return line + 1
    const left = text.length - from
    if (!ended && left < longest + 2) return undefined
    return left > shortest && !(this.#lines && left <= longest) ? endOfPassage(text, from, shortest) : text.length
  }
}
