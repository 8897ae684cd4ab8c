/** Affixes of characters within words, as WordPiece and the first BPE tokenizers have them. */

/** A character as a token at a place in a word: `prefix` before all but the first, `suffix` after the last. */
export const affixed = (character: string, first: boolean, last: boolean, prefix = '', suffix = ''): string =>
  (first ? '' : prefix) + character + (last ? suffix : '')
