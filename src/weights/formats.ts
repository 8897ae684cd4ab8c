/** Every stored model that can be read, by `model_type`. */
import { fileError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import type { Format } from './format.ts'
import { gpt2Format } from './gpt2.ts'

export const formats: ReadonlyMap<string, Format> = new Map(
  [gpt2Format].map((format) => [format.definition.type, format]),
)

/** The format of a config.json. Throws UNKNOWN_MODEL with the list of what is supported. */
export function formatOf(type: unknown, file: string): Format {
  const format = typeof type === 'string' ? formats.get(type) : undefined
  if (format) return format
  const found = type === undefined ? 'is missing' : `is ${show(type)}`
  throw fileError('UNKNOWN_MODEL', `${file}: model_type ${found}.\nSupported: ${[...formats.keys()].join(', ')}.`)
}
