/** What the library says of texts and settings, told in the words of `pellucid tokenize`: with its flags. */
import { PellucidError } from '../base/errors.ts'
import type { Tokenizer } from '../tokenizers/index.ts'
import type { Values } from './command.ts'

/** What the flags of sampling have to say where they do not fit the model; undefined where that is not the trouble. */
function samplingAdvice(tokenizer: Tokenizer, { alpha, nBest, dropout }: Values): string | undefined {
  const { model } = tokenizer.stages
  if (!model.sample) return undefined
  // Only Unigram scores the ways to write a text.
  if (model.nBest)
    return dropout === undefined
      ? undefined
      : '--dropout is for byte pair encoding; Unigram takes --alpha and --n-best.'
  const other = alpha !== undefined ? '--alpha' : nBest !== undefined ? '--n-best' : undefined
  if (other) return `${other} is for Unigram; byte pair encoding takes --dropout.`
  return '--sample draws nothing from this tokenizer without a dropout.\nGive --dropout, a number from 0 to 1 such as 0.1.'
}

function advice({ code, message }: PellucidError, tokenizer: Tokenizer, values: Values): string | undefined {
  switch (code) {
    case 'SPECIAL_TOKEN_IN_TEXT':
      return `${message.split('\n')[0]}\nGive --special parse to let it act as that token, or --special text to take it as ordinary text.`
    case 'BAD_TRUNCATION': {
      if (values.maxLength === undefined) return undefined
      const added = tokenizer.stages.postProcessor?.added(values.pair !== undefined) ?? 0
      const tokens = added === 1 ? '1 special token is' : `${added} special tokens are`
      return `--max-length is ${values.maxLength}, but ${tokens} added.\nExpected at least ${added}, or --no-special-tokens.`
    }
    case 'BAD_SAMPLING':
      return samplingAdvice(tokenizer, values)
    default:
      return undefined
  }
}

/** Does something with the tokenizer; its errors name the flags that can help. */
export function inFlags<T>(tokenizer: Tokenizer, values: Values, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof PellucidError)) throw error
    const said = advice(error, tokenizer, values)
    if (said === undefined) throw error
    throw new PellucidError(error.kind, error.code, said, { cause: error })
  }
}
