/** The part of a text that a pattern is matched against, and what can be asked about a position in it. */
import { clusterEnds } from '../text/clusters.ts'
import { IntegerList } from '../text/integer-list.ts'
import { isLowSurrogate, utf8Length } from '../text/unicode.ts'
import { fold } from './case-folding.ts'
import { wordCharacters } from './character-set.ts'
import type { Place } from './tree.ts'

/**
 * A letter after a mark, which begins a grapheme cluster but for a rule of Indic scripts that Oniguruma does not have (GB9c, Unicode
 * 15.1). Letters that are marks themselves are left out.
 */
const conjunct = /(?<=[\p{M}\p{Grapheme_Extend}\p{Emoji_Modifier}\u200d])(?![\p{Grapheme_Extend}\u0e33\u0eb3])\p{L}/gu

export class Subject {
  readonly text: string
  readonly from: number
  readonly to: number
  /** Where the search under way began. */
  searchStart: number
  #clusters: Uint8Array | undefined

  /** text[from, to), as if that were all of it. Well-formed. */
  constructor(text: string, from: number, to: number) {
    this.text = text
    this.from = from
    this.to = to
    this.searchStart = from
  }

  /** UTF-16 code units of the character at a position; 1 at the end. */
  length(at: number): number {
    return at + 1 < this.to && isLowSurrogate(this.text.charCodeAt(at + 1)) && this.text.charCodeAt(at) >= 0xd800
      ? 2
      : 1
  }

  /** The position of the character before. */
  before(at: number): number {
    return at - 2 >= this.from && isLowSurrogate(this.text.charCodeAt(at - 1)) ? at - 2 : at - 1
  }

  isAt(place: Place, at: number): boolean {
    const { from, to } = this
    switch (place) {
      case 'line_start':
        return at === from || (at < to && this.#isBreak(at - 1))
      case 'line_end':
        return at === to || this.#isBreak(at)
      case 'string_start':
        return at === from
      case 'string_end':
        return at === to
      case 'string_end_newline':
        return at === to || (at === to - 1 && this.#isBreak(at))
      case 'search_start':
        return at === this.searchStart
      case 'word_boundary':
        return (at > from && this.#isWord(this.before(at))) !== (at < to && this.#isWord(at))
      case 'text_segment_boundary':
        return at === from || at === to || this.#segmented()[at - from] === 1
    }
  }

  #isBreak(at: number): boolean {
    return this.text.charCodeAt(at) === 0x0a
  }

  #isWord(at: number): boolean {
    return wordCharacters.has(this.text.codePointAt(at)!)
  }

  /** 1 where a grapheme cluster ends. */
  #segmented(): Uint8Array {
    if (this.#clusters === undefined) {
      const { text, from, to } = this
      const clusters = new Uint8Array(to - from + 1)
      const ends = new IntegerList()
      clusterEnds(text, from, to, ends)
      for (const end of ends.view()) clusters[end - from] = 1
      for (const { index } of text.slice(from, to).matchAll(conjunct)) clusters[index] = 1
      this.#clusters = clusters
    }
    return this.#clusters
  }

  /** The end of the text at `at` that equals text[start, end), or -1. */
  repeated(start: number, end: number, at: number): number {
    const after = at + end - start
    if (after > this.to) return -1
    for (let i = start, j = at; i < end; i++, j++) if (this.text.charCodeAt(i) !== this.text.charCodeAt(j)) return -1
    return after
  }

  /**
   * The same where case is ignored: character by character, within as many bytes of UTF-8 as text[start, end) has, which is how
   * Oniguruma compares.
   */
  repeatedInAnyCase(start: number, end: number, at: number): number {
    let bytes = 0
    for (let i = start; i < end; i += this.length(i)) {
      if (at >= this.to) return -1
      const wanted = this.text.codePointAt(i)!
      const found = this.text.codePointAt(at)!
      bytes += utf8Length(wanted) - utf8Length(found)
      if (fold(wanted) !== fold(found)) return -1
      at += this.length(at)
    }
    return bytes < 0 ? -1 : at
  }
}
