/** What is odd about a config.json, though the model can be loaded. */
import { show } from '../base/json.ts'
import { someOf } from '../base/list.ts'
import { commonFields } from './fields.ts'
import type { ConfigFile, Format } from './format.ts'

/** Warnings about code that a config.json names, and about fields that nothing here understands. `name` is what they call it. */
export function configWarnings(config: ConfigFile, { known }: Format, name: string): string[] {
  const understood = new Set([...commonFields, ...known])
  // A leading underscore marks notes of the program that wrote the file.
  const unknown = Object.keys(config).filter((field) => !understood.has(field) && !/^[_$]/.test(field))
  return [
    ...(config.auto_map === undefined ? [] : [`${name}: auto_map names program code; it is never run.`]),
    ...(unknown.length === 0
      ? []
      : [`${name}: fields that are not understood are kept, but change nothing: ${someOf(unknown.map(show))}.`]),
  ]
}
