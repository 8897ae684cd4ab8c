/** Byte-level tokenizers from their parts: GPT-2's kind from a vocabulary and merges, and plain bytes. */
import { type AddedToken, specialToken } from './added-tokens.ts'
import type { NamedTokens } from './config.ts'
import { byteLevelDecoder, readDecoder } from './decoders/index.ts'
import { Field, type Json } from './field.ts'
import { bpe } from './models/bpe.ts'
import { type Vocabulary, vocabularyOf } from './models/vocabulary.ts'
import { arrangement, type LayoutItem, readPostProcessor } from './post-processors.ts'
import { readPreTokenizer } from './pre-tokenizers/index.ts'
import { byteLevel, template } from './stage-json.ts'
import { byteCharacters } from './text/bytes.ts'
import { Tokenizer } from './tokenizer.ts'

/** A stage that is written here rather than read from a file. */
const given = (json: Json) => new Field('built-in', json)

export type BytelevelBpeParts = {
  vocabulary: Vocabulary
  /** Pairs of tokens in the order learned. */
  merges: readonly (readonly [string, string])[]
  /** Special tokens; they need not be in the vocabulary if they bring ids of their own. */
  addedTokens?: readonly AddedToken[]
  named?: NamedTokens
  config?: Json
  /** Named in errors. */
  file?: string
}

/** The one special token of GPT-2, which begins and ends texts. */
export const gpt2Named = { bos: '<|endoftext|>', eos: '<|endoftext|>', unk: '<|endoftext|>' }

/** GPT-2's tokenizer (Radford et al. 2019, §2.2) over any vocabulary. */
export function bytelevelBpe({ vocabulary, merges, file, ...parts }: BytelevelBpeParts): Tokenizer {
  return new Tokenizer({
    ...parts,
    model: bpe({ vocabulary, merges, file }),
    preTokenizer: readPreTokenizer(given(byteLevel())),
    postProcessor: readPostProcessor(given(byteLevel({ trimOffsets: false }))),
    decoder: readDecoder(given(byteLevel())),
  })
}

/** Settings that ask for more sentinel tokens are mistaken: models have a few hundred at most. */
export const mostSentinels = 100_000

/**
 * Bytes as ByT5 numbers them (Xue et al. 2022, §3.1): `<pad>` 0, `</s>` 1, `<unk>` 2, byte b is b + 3, then `extraIds` sentinel
 * tokens `<extra_id_0>`, …. A text ends in `</s>` unless it does so already. In our terms: byte-level BPE without a merge.
 * Bytes that are no UTF-8 are left out of decoded text, as ByT5's own tokenizer does.
 */
export function byteTokenizer({ extraIds = 125, config }: { extraIds?: number; config?: Json } = {}): Tokenizer {
  const main = ['<pad>', '</s>', '<unk>']
  const sentinels = Array.from({ length: extraIds }, (_, i) => `<extra_id_${i}>`)
  const end: LayoutItem = { tokens: [{ id: 1, token: '</s>' }], typeId: 0, unlessPresent: true }
  const [a, b]: LayoutItem[] = [
    { sequence: 0, typeId: 0 },
    { sequence: 1, typeId: 0 },
  ]
  // The nearest that tokenizer.json can say: it always adds the end token.
  const json = template(['$A', '</s>'], ['$A', '</s>', '$B', '</s>'], (token) => main.indexOf(token))
  return new Tokenizer({
    model: bpe({ vocabulary: vocabularyOf([...main, ...byteCharacters]), merges: [] }),
    preTokenizer: readPreTokenizer(given(byteLevel({ useRegex: false }))),
    postProcessor: arrangement(json, { single: [a!, end], pair: [a!, end, b!, end] }),
    decoder: byteLevelDecoder('ignore', byteLevel()),
    addedTokens: [
      ...main.map((token, id) => ({ ...specialToken(token, id), lstrip: true, rstrip: true })),
      ...sentinels.map((token, i) => specialToken(token, main.length + 256 + i)),
    ],
    named: { pad: '<pad>', eos: '</s>', unk: '<unk>' },
    config: { tokenizer_class: 'ByT5Tokenizer', extra_ids: extraIds, additional_special_tokens: sentinels, ...config },
  })
}
