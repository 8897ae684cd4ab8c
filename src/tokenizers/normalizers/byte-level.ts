/** Every byte of the text's UTF-8 as its visible character. */
import type { Field } from '../field.ts'
import { spellBytes } from '../text/bytes.ts'
import { characterMap } from './character-map.ts'
import type { Normalizer } from './index.ts'

const spell = characterMap((character) => spellBytes(character).text)

export const readByteLevel = (field: Field): Normalizer => ({ json: field.object(), normalize: spell })
