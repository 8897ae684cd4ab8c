/** A model directory, read and written: config.json and the weights, matched to the model's parameters. */
import { writeJson } from '../base/atomic.ts'
import { fileError } from '../base/errors.ts'
import { kindOf, path, readJson } from '../base/files.ts'
import { describeProblem } from '../base/schema.ts'
import { shapeText } from '../graph/axis.ts'
import type { ConstantSource, Program } from '../graph/program.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { Network } from '../models/definition.ts'
import { parameters } from '../nn/index.ts'
import type { NdArray } from '../tensor/array.ts'
import { isFloat } from '../tensor/dtype.ts'
import { toFloat32 } from '../tensor/half.ts'
import { openWeights, type WriteOptions, writeWeights } from './directory.ts'
import type { ConfigFile, Format } from './format.ts'
import { formatOf } from './formats.ts'
import type { Safetensors } from './safetensors.ts'
import type { TensorSource } from './safetensors-write.ts'

/** A model described by its config.json. */
export type Described = { readonly format: Format; readonly config: unknown; readonly file: ConfigFile }

/** Checks the contents of a config.json; `name` is what messages call it. Throws with the field, what it is and what was expected. */
export function parseConfig(value: unknown, name: string): Described {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw fileError('BAD_CONFIG', `${name}: the root must be an object with a model_type.`)
  const file = value as ConfigFile
  const format = formatOf(file.model_type, name)
  const parsed = format.config.safeParse(file)
  if (!parsed.success) throw fileError('BAD_CONFIG', `${name}: ${describeProblem(parsed.error, file)}.`)
  return { format, config: parsed.data, file }
}

/** Reads config.json of a model directory. */
export async function readConfig(directory: string): Promise<Described> {
  const name = path().join(directory, 'config.json')
  if (!(await kindOf(directory)))
    throw fileError('FILE_NOT_FOUND', `${directory}: no such model directory. Check the path.`)
  if (!(await kindOf(name)))
    throw fileError('NO_CONFIG', `${directory}: holds no config.json, so it is not a model directory.`)
  return parseConfig(await readJson(name), name)
}

/** A network with a stored value for each of its parameters. */
export type Checkpoint = Described & {
  readonly network: Network
  readonly parameters: ReadonlyMap<string, Tensor>
  /** For programs: every parameter as a constant. */
  readonly constants: Program['constants']
  /** generation_config.json, where there is one. */
  readonly generation?: ConfigFile
  readonly warnings: readonly string[]
}

/**
 * Matches stored tensors to the parameters of the model that the config describes, without reading any values. Throws
 * MISSING_TENSORS or WRONG_SHAPE; tensors that the model does not have are listed in `warnings`.
 */
export function matchWeights(described: Described, weights: Safetensors, place: string): Checkpoint {
  const { format, config } = described
  const network = format.definition.build(config)
  const all = parameters(network)
  const warnings: string[] = []
  const constants = new Map<string, { tensor: Tensor; source: ConstantSource }>()
  for (const [stored, entry] of weights.entries) {
    const name = format.parameterOf(stored, config)
    if (name === undefined) continue
    const tensor = all.get(name)
    if (!tensor) {
      warnings.push(`${place}: tensor ${stored} is not part of the model; ignored.`)
      continue
    }
    if (shapeText(entry.shape) !== shapeText(tensor.shape))
      throw fileError(
        'WRONG_SHAPE',
        `${place}: ${stored} is ${shapeText(entry.shape)}, config.json asks for ${shapeText(tensor.shape)}.`,
      )
    const { dtype } = entry
    if (dtype === undefined || !isFloat(dtype))
      throw fileError('WRONG_DTYPE', `${place}: ${stored} is ${entry.stored}, expected floats.`)
    const location =
      entry.file === undefined ? {} : { location: { path: entry.file, offset: entry.offset, length: entry.byteLength } }
    constants.set(name, { tensor, source: { dtype, read: () => weights.read(stored), ...location } })
  }
  const missing = [...all.keys()].filter((name) => !constants.has(name))
  if (missing.length)
    throw fileError(
      'MISSING_TENSORS',
      `${place}: ${missing.length} of ${all.size} tensors are missing: ${missing.slice(0, 4).join(', ')}${missing.length > 4 ? ', …' : ''}.\n` +
        'Do config.json and the weights belong together?',
    )
  return { ...described, network, parameters: all, constants, warnings }
}

/** Reads generation_config.json of a model directory, if it has one. */
async function readGenerationConfig(directory: string): Promise<ConfigFile | undefined> {
  const name = path().join(directory, 'generation_config.json')
  if (!(await kindOf(name))) return undefined
  const value = await readJson(name)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as ConfigFile
  throw fileError('BAD_CONFIG', `${name}: the root must be an object.`)
}

/** Opens a model directory: config and where each weight lies. No weight is read yet. */
export async function openCheckpoint(directory: string): Promise<Checkpoint> {
  const described = await readConfig(directory)
  const weights = await openWeights(directory)
  const checkpoint = matchWeights(described, weights, directory)
  const generation = await readGenerationConfig(directory)
  return { ...checkpoint, ...(generation && { generation }), warnings: [...weights.warnings, ...checkpoint.warnings] }
}

/** The values of every parameter as float32. */
export async function readParameters(checkpoint: Checkpoint): Promise<Map<string, NdArray>> {
  const values = new Map<string, NdArray>()
  for (const [name, { source }] of checkpoint.constants) values.set(name, toFloat32(await source.read()))
  return values
}

/** The config.json of a model made here. `others` are fields to keep from where it came from. */
export const configFile = (format: Format, config: unknown, others: ConfigFile = {}): ConfigFile => ({
  ...others,
  architectures: [format.definition.architecture],
  model_type: format.definition.type,
  dtype: 'float32',
  ...format.fields(config),
})

/** Writes config.json and the weights; Python's `from_pretrained` loads the directory. */
export async function writeCheckpoint(
  directory: string,
  config: ConfigFile,
  tensors: ReadonlyMap<string, TensorSource>,
  options?: WriteOptions,
): Promise<void> {
  await writeWeights(directory, tensors, options)
  await writeJson(path().join(directory, 'config.json'), config)
}
