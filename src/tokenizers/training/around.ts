/** The stages that usually go around a learned model: which special tokens stand beside a text, and how tokens become text again. */
import type { Json } from '../field.ts'
import { byteLevel, template } from '../stage-json.ts'
import type { CuttingJson, LearnSettings, StagesJson } from './kind.ts'

/** The stages of a pre-tokenizer, one after the other. */
export function preTokenizerStages({ pre_tokenizer }: Pick<CuttingJson, 'pre_tokenizer'>): Json[] {
  if (pre_tokenizer === null) return []
  const { type, pretokenizers } = pre_tokenizer
  if (type !== 'Sequence' || !Array.isArray(pretokenizers)) return [pre_tokenizer]
  return pretokenizers.flatMap((stage: Json) => preTokenizerStages({ pre_tokenizer: stage }))
}

/** Pre-tokenizers that throw white space or delimiters away. */
const lossy = ['Whitespace', 'WhitespaceSplit', 'BertPreTokenizer', 'CharDelimiterSplit']

/** Undoes what the other stages did: in the place of text that they threw away, tokens are separated by spaces. */
function decoderOf({ endOfWord, continuingPrefix }: LearnSettings, cutting: CuttingJson): Json | null {
  const stages = preTokenizerStages(cutting)
  const has = (type: string) => stages.find((stage) => stage.type === type)
  if (has('ByteLevel')) return byteLevel()
  if (has('Metaspace')) return has('Metaspace')!
  if (endOfWord) return { type: 'BPEDecoder', suffix: endOfWord }
  if (continuingPrefix) return { type: 'WordPiece', prefix: continuingPrefix, cleanup: true }
  const loses = stages.some(({ type, behavior }) => lossy.includes(type as string) || behavior === 'Removed')
  return loses ? null : { type: 'Fuse' }
}

/** `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`, the second text and its end as segment 1 (Devlin et al. 2019, §3). */
function bertTemplate(cls: string, sep: string, specialTokens: readonly string[]): Json {
  const single = [cls, '$A', sep]
  return template(single, [...single, ['$B', 1], [sep, 1]], (token) => specialTokens.indexOf(token))
}

/** Post-processor and decoder for a learned model. */
export function stagesAround(
  settings: LearnSettings,
  cutting: CuttingJson,
): Pick<StagesJson, 'post_processor' | 'decoder'> {
  const { named, specialTokens } = settings
  const isByteLevel = preTokenizerStages(cutting).some(({ type }) => type === 'ByteLevel')
  return {
    post_processor:
      named.cls !== undefined && named.sep !== undefined
        ? bertTemplate(named.cls, named.sep, specialTokens)
        : isByteLevel
          ? // Offsets hold the space before a word, as GPT-2's do.
            byteLevel({ trimOffsets: false })
          : null,
    decoder: decoderOf(settings, cutting),
  }
}
