/** The words of texts: normalized and cut as a tokenizer with these stages does it, and counted. */
import type { Normalizer } from '../normalizers/index.ts'
import { type PreTokenizer, piecesOf } from '../pre-tokenizers/index.ts'
import { wellFormed } from '../text/unicode.ts'
import { wordsAtOnce } from './kind.ts'
import { type TableBounds, WordTable } from './word-table.ts'

/** The stages that make words of a text. */
export type Cutting = { readonly normalizer?: Normalizer; readonly preTokenizer?: PreTokenizer }

export class WordCounter {
  readonly #cutting: Cutting
  #table: WordTable
  constructor(cutting: Cutting, bounds?: TableBounds) {
    this.#cutting = cutting
    this.#table = new WordTable(bounds)
  }

  /** How many different words there are. */
  get size(): number {
    return this.#table.size
  }

  /** How many rare words were forgotten since there were too many. */
  get forgotten(): number {
    return this.#table.forgotten
  }

  add(passage: string): void {
    const { normalizer, preTokenizer } = this.#cutting
    const clean = { text: wellFormed(passage), origin: 0 }
    const pieces = piecesOf(normalizer?.normalize(clean) ?? clean, preTokenizer)
    const { text } = pieces.text
    const bounds = pieces.bounds.view()
    for (let i = 0; i < bounds.length; i += 2) this.#table.add(text, bounds[i]!, bounds[i + 1]!)
  }

  /** The words as the model is to see them. They are handed over: from here on the counter has none. */
  *counts(): Generator<undefined, Map<string, number>> {
    const spelling = this.#cutting.preTokenizer?.spelling
    const words = new Map<string, number>()
    const table = this.#table
    this.#table = new WordTable()
    let seen = 0
    for (const [word, count] of table) {
      const spelled = spelling ? spelling(word).text : word
      words.set(spelled, (words.get(spelled) ?? 0) + count)
      if (++seen % wordsAtOnce === 0) yield
    }
    return words
  }
}
