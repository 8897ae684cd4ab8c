/** The cleaning of SentencePiece's rule "nmt": controls go, and whatever separates becomes a space. */
import type { Field } from '../field.ts'
import { characterMap } from './character-map.ts'
import type { Normalizer } from './index.ts'

const separators = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/

/** Most of the controls that are no separators; of those above U+007F two only, as the rule has it. */
const isRemoved = (unit: number): boolean =>
  (unit < 0x20 && unit > 0) || unit === 0x7f || unit === 0x8f || unit === 0x9f

const clean = characterMap((character) =>
  separators.test(character) ? ' ' : isRemoved(character.charCodeAt(0)) ? '' : character,
)

export const readNmt = (field: Field): Normalizer => ({ json: field.object(), normalize: clean })
