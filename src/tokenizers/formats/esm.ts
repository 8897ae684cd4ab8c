/** ESM's tokenizer of proteins (Lin et al. 2023): tokens of vocab.txt, the longest first, and the words that are left. */
import { preTokenizers, quoted, split, template } from '../stage-json.ts'
import type { Parts } from './assemble.ts'
import type { Settings } from './settings.ts'

const named = { cls: '<cls>', pad: '<pad>', mask: '<mask>', eos: '<eos>', unk: '<unk>' }

/** The text of a vocab.txt → the parts of a tokenizer. */
export function esmParts(text: string, settings: Settings): Parts {
  const tokens = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const ids = new Map(tokens.map((token, id) => [token, id]))
  const alternatives = tokens.toSorted((a, b) => b.length - a.length).map(quoted)
  return {
    settings,
    named,
    model: { type: 'WordLevel', vocab: Object.fromEntries(ids), unk_token: named.unk },
    idOf: (token) => ids.get(token),
    size: tokens.length,
    stages: ({ named: { cls = '', eos = '' }, idOf }) => ({
      pre_tokenizer: preTokenizers(split(alternatives.join('|'), 'Isolated'), { type: 'WhitespaceSplit' }),
      post_processor: template([cls, '$A', eos], [cls, '$A', eos, '$B', eos], idOf),
    }),
  }
}
