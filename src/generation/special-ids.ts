/** The ids at which texts begin and end, as the files of a model say. */
import { fileError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import type { Tokenizer } from '../tokenizers/index.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'

const isId = (value: unknown): value is number => Number.isSafeInteger(value)

/** The ids in a field of generation_config.json or else config.json; those outside of the vocabulary can never occur and are left out. */
function idsOf({ generation, file, format, config }: Checkpoint, field: string): number[] {
  const value = generation?.[field] ?? file[field] ?? []
  const ids = Array.isArray(value) ? value : [value]
  if (!ids.every(isId))
    throw fileError('BAD_CONFIG', `${field} is ${show(value)}, expected a token id or a list of them.`)
  const vocabulary = format.definition.vocabulary(config)
  return ids.filter((id) => id >= 0 && id < vocabulary)
}

const named = (tokenizer: Tokenizer | undefined, role: 'bos' | 'eos'): number[] => {
  const token = tokenizer?.named[role]
  const id = token === undefined ? undefined : tokenizer?.idOf(token)
  return id === undefined ? [] : [id]
}

/** The ids that end a text. */
export const endIds = (checkpoint: Checkpoint, tokenizer: Tokenizer | undefined): readonly number[] => {
  const ids = idsOf(checkpoint, 'eos_token_id')
  return ids.length ? ids : named(tokenizer, 'eos')
}

/** The id that begins a text; models without one of its own begin after the end of another text. */
export const startId = (checkpoint: Checkpoint, tokenizer: Tokenizer | undefined): number | undefined =>
  [...idsOf(checkpoint, 'bos_token_id'), ...named(tokenizer, 'bos'), ...endIds(checkpoint, tokenizer)][0]
