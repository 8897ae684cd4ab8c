/** Perceiver's tokenizer (Jaegle et al. 2021): bytes after six special tokens. In our terms: byte-level BPE without a merge. */
import { byteLevel, template } from '../stage-json.ts'
import { byteCharacters } from '../text/bytes.ts'
import type { Parts } from './assemble.ts'
import type { Settings } from './settings.ts'

const named = { pad: '[PAD]', bos: '[BOS]', eos: '[EOS]', mask: '[MASK]', cls: '[CLS]', sep: '[SEP]' }

/** There is no file of a vocabulary: the class says it all. */
export function perceiverParts(settings: Settings): Parts {
  const tokens = [...Object.values(named), ...byteCharacters]
  const ids = new Map(tokens.map((token, id) => [token, id]))
  return {
    settings,
    named,
    model: { type: 'BPE', vocab: Object.fromEntries(ids), merges: [] },
    idOf: (token) => ids.get(token),
    size: tokens.length,
    stages: ({ named: { cls = '', sep = '' }, idOf }) => ({
      pre_tokenizer: byteLevel({ useRegex: false }),
      decoder: byteLevel(),
      post_processor: template([cls, '$A', sep], [cls, '$A', sep, '$B', sep], idOf),
    }),
  }
}
