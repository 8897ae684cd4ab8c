/** Cutting where the script changes, as SentencePiece does before it learns a vocabulary. */
import type { Field } from '../field.ts'
import type { Scanner } from '../patterns/scanners.ts'
import { CharacterTable } from '../text/character-table.ts'
import { newerInScripts } from '../text/newer-characters.ts'
import { cutter, type PreTokenizer } from './pieces.ts'

/** The scripts of Unicode 9, whose table Hugging Face uses, roughly by how often they are met. */
const scriptNames = (
  'Latin Common Cyrillic Han Hiragana Katakana Hangul Arabic Greek Hebrew Devanagari Thai Inherited Bengali Tamil Telugu ' +
  'Georgian Armenian Gujarati Gurmukhi Kannada Malayalam Sinhala Khmer Lao Myanmar Ethiopic Mongolian Tibetan Bopomofo ' +
  'Adlam Ahom Anatolian_Hieroglyphs Avestan Balinese Bamum Bassa_Vah Batak Bhaiksuki Brahmi Braille Buginese Buhid ' +
  'Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Coptic Cuneiform Cypriot Deseret Duployan ' +
  'Egyptian_Hieroglyphs Elbasan Glagolitic Gothic Grantha Hanunoo Hatran Imperial_Aramaic Inscriptional_Pahlavi ' +
  'Inscriptional_Parthian Javanese Kaithi Kayah_Li Kharoshthi Khojki Khudawadi Lepcha Limbu Linear_A Linear_B Lisu Lycian ' +
  'Lydian Mahajani Mandaic Manichaean Marchen Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi ' +
  'Mro Multani Nabataean New_Tai_Lue Newa Nko Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic ' +
  'Old_Persian Old_South_Arabian Old_Turkic Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician ' +
  'Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham SignWriting Sora_Sompeng Sundanese ' +
  'Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tangut Thaana Tifinagh Tirhuta Ugaritic Vai ' +
  'Warang_Citi Yi'
).split(' ')
const numberOf = new Map(scriptNames.map((name, i) => [name, i + 1]))

/** A space, and what no script of the table has: it belongs to whatever stands before it. */
const ANY = 0

/** Where the table differs from today's: kana and the prolonged sound mark go with Han, and four characters have moved since. */
const exceptions = new Map<number, string>([
  [0x30fc, 'Han'],
  [0x589, 'Common'],
  [0x61c, 'Common'],
  [0x953, 'Devanagari'],
  [0x954, 'Devanagari'],
])

let expressions: readonly RegExp[] | undefined

function classify(codePoint: number): number {
  const moved = exceptions.get(codePoint)
  if (moved !== undefined) return numberOf.get(moved)!
  if (codePoint === 0x20 || newerInScripts.has(codePoint)) return ANY
  expressions ??= scriptNames.map((name) => new RegExp(`\\p{Script=${name}}`, 'u'))
  const character = String.fromCodePoint(codePoint)
  const name = scriptNames[expressions.findIndex((expression) => expression.test(character))]
  if (name === undefined) return ANY
  return numberOf.get(name === 'Hiragana' || name === 'Katakana' ? 'Han' : name)!
}

const scripts = new CharacterTable(classify)

/** What stands before the first character of a script is dropped, as it is by Hugging Face. */
const scanScripts: Scanner = (text, from, to, out) => {
  let start = from
  let last = ANY
  for (let at = from; at < to; ) {
    const point = text.codePointAt(at)!
    const script = scripts.of(point)
    if (script !== ANY && script !== last) {
      if (last !== ANY) out.pushPair(start, at)
      start = at
      last = script
    }
    at += point > 0xffff ? 2 : 1
  }
  if (last !== ANY) out.pushPair(start, to)
}

export const readUnicodeScripts = (field: Field): PreTokenizer => cutter(field.object(), scanScripts)
