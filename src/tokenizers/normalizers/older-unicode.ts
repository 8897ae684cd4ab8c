/**
 * Unicode as Hugging Face's library has it. Its tables of marks and decompositions are those of Unicode 8 and 9, JavaScript's are
 * newer and differ from engine to engine; ids must not depend on that, so what has come since is listed here. Only letter case
 * follows the engine (both are recent there).
 */
import { CodePointRanges } from '../text/code-point-ranges.ts'

/** Marks and characters with a decomposition that are younger than Unicode 9: neither there. */
const younger = new CodePointRanges(
  '7fd 897-89f 8ca-8d3 9fe afa-aff b55 c04 c3c cf3 d00 d3b-d3c d81 eba ece 1715 180f 1abf-1add 1ae0-1aeb 1cf7 1df6-1dfa 32ff ' +
    'a7f1-a7f4 a82c a8ff ab69 105c9 105e4 10781-10785 10787-107b0 107b2-107ba 10d24-10d27 10d69-10d6d 10eab-10eac ' +
    '10efa-10eff 10f46-10f50 10f82-10f85 11070 11073-11074 110c2 11145-11146 111c9 111ce-111cf 11241 1133b 11383 11385 ' +
    '1138e 11391 113b8-113c0 113c2 113c5 113c7-113ca 113cc-113d0 113d2 113e1-113e2 1145e 1182c-1183a 11930-11935 ' +
    '11937-11938 1193b-1193e 11940 11942-11943 119d1-119d7 119da-119e0 119e4 11a01-11a0a 11a33-11a39 11a3b-11a3e 11a47 ' +
    '11a51-11a5b 11a8a-11a99 11b60-11b67 11d31-11d36 11d3a 11d3c-11d3d 11d3f-11d45 11d47 11d8a-11d8e 11d90-11d91 ' +
    '11d93-11d97 11ef3-11ef6 11f00-11f01 11f03 11f34-11f3a 11f3e-11f42 11f5a 13440 13447-13455 1611e-1612f ' +
    '16d68-16d6a 16f4f 16f7f-16f87 16fe4 16ff0-16ff1 1ccd6-1ccf9 1cf00-1cf2d 1cf30-1cf46 1e030-1e06d 1e08f 1e130-1e136 ' +
    '1e2ae 1e2ec-1e2ef 1e4ec-1e4ef 1e5ee-1e5ef 1e6e3 1e6e6 1e6ee-1e6ef 1e6f5 1f16c 1fbf0-1fbf9',
)

/** Vedic signs that were marks once. */
const onceMarks = new CodePointRanges('1cf2-1cf3')

/** Nonspacing marks that became so with Unicode 9 or were of another kind before. */
const laterNonspacing = new CodePointRanges(
  '8d4-8e1 1885-1886 1dfb a8c5 a9bd 1123e 11438-1143f 11442-11444 11446 11c30-11c36 11c38-11c3d 11c3f 11c92-11ca7 ' +
    '11caa-11cb0 11cb2-11cb3 11cb5-11cb6 1e000-1e006 1e008-1e018 1e01b-1e021 1e023-1e024 1e026-1e02a 1e944-1e94a',
)
const onceNonspacing = new CodePointRanges('1734 1171e')

/** Format characters that were not known as such. */
const laterFormat = new CodePointRanges('890-891 8e2 110cd 13430-1343f')

const mark = /\p{M}/u
const nonspacing = /\p{Mn}/u
const control = /[\p{Cc}\p{Cf}\p{Co}]/u

/** Whether a character is a mark of any kind. */
export function isMark(character: string): boolean {
  const point = character.codePointAt(0)!
  return onceMarks.has(point) || (mark.test(character) && !younger.has(point))
}

/** Whether a character is a nonspacing mark: an accent for BERT. */
export function isNonspacingMark(character: string): boolean {
  const point = character.codePointAt(0)!
  return onceNonspacing.has(point) || (nonspacing.test(character) && !younger.has(point) && !laterNonspacing.has(point))
}

/** Whether a character is a control, a format character or of private use. */
export const isControl = (character: string): boolean =>
  control.test(character) && !laterFormat.has(character.codePointAt(0)!)

/** A character in a normalization form. */
export const characterIn = (form: 'NFC' | 'NFD' | 'NFKC' | 'NFKD', character: string): string =>
  younger.has(character.codePointAt(0)!) ? character : character.normalize(form)

/** Two characters as one, if they have a canonical composition. */
export function composePair(first: string, second: string): string | undefined {
  const both = first + second
  const composed = both.normalize('NFC')
  const point = composed.codePointAt(0)!
  return composed !== both && composed.length === (point > 0xffff ? 2 : 1) && !younger.has(point) ? composed : undefined
}

/** A character of each canonical combining class but 0, in the order of the classes (1 to 240). */
const combining = Array.from(
  '\u0334\u093c\u3099\u094d\u05b0\u05b1\u05b2\u05b3\u05b4\u05b5\u05b6\u05b7\u05b8\u05b9\u05bb\u05bc\u05bd\u05bf\u05c1\u05c2\ufb1e' +
    '\u064b\u064c\u064d\u0618\u0619\u061a\u0651\u0652\u0670\u0711\u0c55\u0c56\u0e38\u0e48\u0eb8\u0ec8\u0f71\u0f72\u0f74\u0321' +
    '\u1dce\u031b\u302a\u0316\u059a\u302e\u{1d16d}\u05ae\u0300\u0315\u035c\u035d\u0345',
)
const lastClass = combining.at(-1)!

/**
 * The place of a character's combining class among all of them, from 1 on; 0 for characters that begin something new. JavaScript
 * does not tell the classes, but orders by them.
 */
export function combiningRank(character: string): number {
  if (!isMark(character)) return 0
  const moves = (before: string, after: string) => (before + after).normalize('NFD') === after + before
  if (character !== lastClass && !moves(lastClass, character) && !moves(character, combining[0]!)) return 0
  return 1 + combining.filter((other) => other !== character && moves(character, other)).length
}
