/** Prompts as token ids, checked. */
import { usageError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import type { SpecialHandling, Tokenizer } from '../tokenizers/index.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import type { Prompt } from './options.ts'
import { endIds, startId } from './special-ids.ts'

/** What reads prompts: a model and, unless they are ids, its tokenizer. */
export type Reader = { readonly checkpoint: Checkpoint; readonly tokenizer: Tokenizer | undefined }

/** Text, or ids; an array of anything else is several prompts. */
export const isPrompt = (prompts: Prompt | readonly Prompt[]): prompts is Prompt =>
  typeof prompts === 'string' || prompts.every((item) => typeof item === 'number')

export const vocabularyOf = ({ format, config }: Checkpoint): number => format.definition.vocabulary(config)

/** Throws BAD_TOKEN_ID unless the model has the id; `place` says where it stands. */
export function checkId(id: number, place: string, checkpoint: Checkpoint): void {
  const vocabulary = vocabularyOf(checkpoint)
  if (!(Number.isInteger(id) && id >= 0 && id < vocabulary))
    throw usageError(
      'BAD_TOKEN_ID',
      `${place}: token ids must be whole numbers from 0 to ${vocabulary - 1} (the vocabulary), found ${show(id)}.`,
    )
}

/**
 * The ids of a prompt; an empty one becomes the token that begins a text. Errors: BAD_PROMPT, NO_TOKENIZER, BAD_TOKEN_ID,
 * EMPTY_PROMPT, and those of the tokenizer.
 */
export function promptIds(prompt: Prompt, special: SpecialHandling, reader: Reader): readonly number[] {
  const { checkpoint, tokenizer } = reader
  if (typeof prompt !== 'string' && !Array.isArray(prompt))
    throw usageError('BAD_PROMPT', `A prompt must be text or a list of token ids, found ${show(prompt)}.`)
  const ids = typeof prompt === 'string' ? encode(prompt, special, reader) : prompt
  for (const [position, id] of ids.entries()) checkId(id, `the prompt (position ${position})`, checkpoint)
  if (ids.length > 0) return ids
  const start = startId(checkpoint, tokenizer)
  if (start !== undefined) return [start]
  throw usageError('EMPTY_PROMPT', 'The prompt is empty, and the model has no token that begins a text: give a prompt.')
}

/** Text as ids, without the end token that some tokenizers put behind every text: the text is to go on. */
function encode(text: string, special: SpecialHandling, { checkpoint, tokenizer }: Reader): readonly number[] {
  if (!tokenizer) throw usageError('NO_TOKENIZER', 'The model has no tokenizer: give token ids as the prompt.')
  const { ids, specialTokensMask } = tokenizer.encode(text, { special, truncation: false, padding: false })
  const ends = endIds(checkpoint, tokenizer)
  let length = ids.length
  while (length > 0 && specialTokensMask[length - 1] && ends.includes(ids[length - 1]!)) length--
  return ids.slice(0, length)
}
