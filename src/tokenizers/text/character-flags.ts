/** What pre-tokenizers ask of characters: is it of a word, punctuation, white space, numeric? Answered from one table of bits. */
import { CharacterTable, UNKNOWN } from './character-table.ts'
import { newerPunctuation, newerWords } from './newer-characters.ts'

/** `\w` of Unicode 16 (UTS 18, annex C): letters, marks, decimal digits, connectors, joiners. */
export const WORD = 1
/** Categories P as of Unicode 7, and all ASCII punctuation. */
export const PUNCTUATION = 2
/** White_Space. */
export const WHITE_SPACE = 4
/** Categories N. */
export const NUMERIC = 8
/** The character takes two units. */
export const ASTRAL = 16

const word = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u
const punctuation = /[\p{P}!-/:-@[-`{-~]/u
const whiteSpace = /\p{White_Space}/u
const numeric = /\p{N}/u
/** Punctuation until Unicode 8, which Hugging Face's table still has as such. */
const oncePunctuation = /[\u166d\u{111c9}]/u

function classify(codePoint: number): number {
  const character = String.fromCodePoint(codePoint)
  const punctual = punctuation.test(character) ? !newerPunctuation.has(codePoint) : oncePunctuation.test(character)
  return (
    (word.test(character) && !newerWords.has(codePoint) ? WORD : 0) |
    (punctual ? PUNCTUATION : 0) |
    (whiteSpace.test(character) ? WHITE_SPACE : 0) |
    (numeric.test(character) ? NUMERIC : 0) |
    (codePoint > 0xffff ? ASTRAL : 0)
  )
}

const table = new CharacterTable(classify)
const { units } = table

/** The flags of the character that begins at `index`. The caller guarantees well-formed text. */
export function flagsAt(text: string, index: number): number {
  const known = units[text.charCodeAt(index)]!
  return known === UNKNOWN ? table.at(text, index) : known
}
