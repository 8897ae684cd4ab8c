/** GPT-2's pre-tokenizer: its split pattern, then bytes for characters (Radford et al. 2019, §2.2). */
import type { Field } from '../field.ts'
import { scanGpt2 } from '../patterns/scanners.ts'
import { spellBytes } from '../text/bytes.ts'
import { cutting, type PreTokenizer, prefixPieces } from './pieces.ts'

/** With `use_regex` false, another pre-tokenizer has cut before. */
export function readByteLevel(field: Field): PreTokenizer {
  const addPrefixSpace = field.get('add_prefix_space').boolean(true)
  const useRegex = field.get('use_regex').boolean(true)
  const cut = cutting(scanGpt2)
  return {
    json: field.object(),
    split(pieces) {
      const { text } = pieces.text
      const prefixed = addPrefixSpace ? prefixPieces(pieces, ' ', (from) => text.charCodeAt(from) !== 0x20) : pieces
      return useRegex ? cut(prefixed) : prefixed
    },
    spelling: spellBytes,
  }
}
