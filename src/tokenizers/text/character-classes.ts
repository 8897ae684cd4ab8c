/** Classes of characters as split patterns see them: \p{L}, \p{N}, \p{White_Space}, the rest. */
import { CharacterTable } from './character-table.ts'

export const OTHER = 0
export const LETTER = 1
export const NUMBER = 2
export const SPACE = 3

const letter = /\p{L}/u
const number = /\p{N}/u
const space = /\p{White_Space}/u

export const characterClasses = new CharacterTable((codePoint) => {
  const character = String.fromCodePoint(codePoint)
  return letter.test(character) ? LETTER : number.test(character) ? NUMBER : space.test(character) ? SPACE : OTHER
})
