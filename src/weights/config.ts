/** config.json of a model: read, checked, and written. */
import { fileError } from '../base/errors.ts'
import { kindOf, listDirectory, path, readJson } from '../base/files.ts'
import { show } from '../base/json.ts'
import { describeProblem } from '../base/schema.ts'
import { danglingLink } from './directory.ts'
import type { ConfigFile, Format } from './format.ts'
import { formatOf } from './formats.ts'
import { type Quantization, quantizationOf } from './quantization.ts'

export const configName = 'config.json'

/** A model described by its config.json. */
export type Described = {
  readonly format: Format
  readonly config: unknown
  readonly file: ConfigFile
  /** Matrices are stored in few bits. */
  readonly quantization?: Quantization
}

/** Checks the contents of a config.json; `name` is what messages call it. Throws with the field, what it is and what was expected. */
export function parseConfig(value: unknown, name: string): Described {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw fileError('BAD_CONFIG', `${name}: holds ${show(value)}, but the root must be an object with a model_type.`)
  const file = value as ConfigFile
  const quantization = quantizationOf(file, name)
  const format = formatOf(file.model_type, name)
  const parsed = format.config.safeParse(file)
  if (!parsed.success) throw fileError('BAD_CONFIG', `${name}: ${describeProblem(parsed.error, file)}.`)
  return { format, config: parsed.data, file, ...(quantization && { quantization }) }
}

/** No honest config comes near them, and what is larger would take long to refuse. */
export const configLimits = { maxBytes: 1 << 22, maxItems: 1 << 16, maxMembers: 1 << 16 } as const

/** Reads config.json of a model directory. */
export async function readConfig(directory: string): Promise<Described> {
  const name = path().join(directory, configName)
  const kind = await kindOf(directory)
  if (!kind) throw fileError('FILE_NOT_FOUND', `${directory}: no such model directory. Check the path.`)
  if (kind !== 'directory') throw fileError('NOT_A_DIRECTORY', `${directory}: is a file, expected a model directory.`)
  if (await kindOf(name)) return parseConfig(await readJson(name, configLimits), name)
  if ((await listDirectory(directory)).includes(configName)) throw danglingLink(name)
  throw fileError(
    'NO_CONFIG',
    `${directory}: holds no config.json, so it is not a model directory. Name the directory that holds it.`,
  )
}

/** The config.json of a model made here. `others` are fields to keep from where it came from. */
export const configFile = (format: Format, config: unknown, others: ConfigFile = {}): ConfigFile => ({
  ...others,
  architectures: [format.definition.architecture],
  model_type: format.definition.type,
  dtype: 'float32',
  ...format.fields(config),
})
