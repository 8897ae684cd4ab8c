/** What inspections need of a model, and how they read a text: as one row of tokens. */
import { nonfinite, usageError } from '../base/errors.ts'
import type { Definition } from '../models/index.ts'
import type { NdArray } from '../tensor/array.ts'
import type { Tokenizer } from '../tokenizers/index.ts'

/** What is needed of a model; `Model` has it all. */
export type Inspectable = {
  readonly tokenizer: Tokenizer | undefined
  readonly checkpoint: { readonly format: { readonly definition: Definition }; readonly config: unknown }
  run(
    inputs: { input_ids: number[][] },
    options?: { capture?: readonly string[] },
  ): Promise<{ readonly logits: NdArray; readonly captured: Readonly<Record<string, NdArray>> }>
  readout(states: NdArray): Promise<NdArray>
}

/** A text, or token ids, which need no tokenizer. */
export type Reading = string | readonly number[]

/** The tokens of a text. Throws NO_TOKENIZER for a text without one, EMPTY_TEXT, or the tokenizer's errors. */
export function idsOf({ tokenizer }: Pick<Inspectable, 'tokenizer'>, text: Reading): number[] {
  if (typeof text === 'string' && !tokenizer)
    throw usageError('NO_TOKENIZER', 'This model has no tokenizer, so it cannot read a text.')
  const ids = typeof text === 'string' ? tokenizer!.encode(text, { special: 'parse' }).ids : text
  if (ids.length === 0) throw usageError('EMPTY_TEXT', 'The text is empty: give at least one character.')
  return [...ids]
}

/** The text of a token; `#7` for 7 where there is no tokenizer. */
export const pieceOf = ({ tokenizer }: Pick<Inspectable, 'tokenizer'>, id: number): string =>
  tokenizer ? tokenizer.decode([id]) : `#${id}`

/** Values as float32 numbers. Throws NONFINITE_VALUES or the code given if one of them is none. */
export function finite({ data }: NdArray, what: string, code = 'NONFINITE_VALUES'): Float32Array {
  if (!(data as Float32Array).every(Number.isFinite))
    throw nonfinite(code, `The model gave ${what} that are not numbers. Are its weights damaged (NaN or infinity)?`)
  return data as Float32Array
}
