/** Capital letters → small ones, each character by itself. */
import type { Field } from '../field.ts'
import type { Aligned } from '../text/aligned.ts'
import { characterMap } from './character-map.ts'
import type { Normalizer } from './index.ts'

/** Σ is not ς at the end of a word here, as it is for JavaScript; İ is the one letter whose small form is longer. */
const special = /[Σİ]/

const byCharacter = characterMap((character) => character.toLowerCase())

function lowercase(aligned: Aligned): Aligned {
  if (special.test(aligned.text)) return byCharacter(aligned)
  const text = aligned.text.toLowerCase()
  return text === aligned.text ? aligned : { ...aligned, text }
}

export const readLowercase = (field: Field): Normalizer => ({ json: field.object(), normalize: lowercase })
