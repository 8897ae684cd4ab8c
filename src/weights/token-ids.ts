/** The ids of special tokens that a model's files name, checked against its vocabulary. */
import { fileError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import { someOf } from '../base/list.ts'
import type { ConfigFile } from './format.ts'

const fields = ['bos_token_id', 'eos_token_id', 'pad_token_id'] as const

/**
 * Checks the token ids of a config.json or generation_config.json. Returns a warning about those outside of the vocabulary, which can
 * never occur; throws BAD_CONFIG for what is no id at all.
 */
export function checkTokenIds(config: ConfigFile, file: string, vocabulary: number): string[] {
  const outside: string[] = []
  for (const field of fields) {
    const value = config[field] ?? []
    for (const id of Array.isArray(value) ? value : [value]) {
      if (!Number.isSafeInteger(id))
        throw fileError('BAD_CONFIG', `${file}: ${field} is ${show(value)}, expected a token id or a list of them.`)
      if (id < 0 || id >= vocabulary) outside.push(`${field} ${id}`)
    }
  }
  return outside.length ? [`${file}: outside of the vocabulary of ${vocabulary}, so ignored: ${someOf(outside)}.`] : []
}
