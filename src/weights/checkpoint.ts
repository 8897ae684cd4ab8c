/** A model directory, read and written: config.json and the weights, matched to the model's parameters. */
import { writeJson } from '../base/atomic.ts'
import { fileError } from '../base/errors.ts'
import { kindOf, path, readJson } from '../base/files.ts'
import { show } from '../base/json.ts'
import type { NdArray } from '../tensor/array.ts'
import { toFloat32 } from '../tensor/half.ts'
import { configLimits, configName, readConfig } from './config.ts'
import { configWarnings } from './config-warnings.ts'
import { openWeights, type WriteOptions, writeWeights } from './directory.ts'
import type { ConfigFile } from './format.ts'
import { type Checkpoint, type MatchOptions, matchWeights } from './match.ts'
import { describeDamage } from './non-finite.ts'
import type { TensorSource } from './safetensors-write.ts'
import { scanWeights, storedBytes } from './scan.ts'
import { tiedWarnings } from './tied.ts'
import { checkTokenIds } from './token-ids.ts'

export { configFile, type Described, parseConfig, readConfig } from './config.ts'
export { type Checkpoint, matchWeights } from './match.ts'

/** Reads generation_config.json of a model directory, if it has one. */
async function readGenerationConfig(directory: string): Promise<{ name: string; file?: ConfigFile }> {
  const name = path().join(directory, 'generation_config.json')
  if (!(await kindOf(name))) return { name }
  const value = await readJson(name, configLimits)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { name, file: value as ConfigFile }
  throw fileError('BAD_CONFIG', `${name}: holds ${show(value)}, expected an object.`)
}

export type OpenOptions = MatchOptions & {
  /** Refuse weights that hold NaN or infinity. All of them are read for that, which takes a second for some gigabytes. */
  readonly strict?: boolean | undefined
}

/** Up to so many bytes of weights are always looked through for NaN and infinity: some ten milliseconds. */
const alwaysScanned = 1 << 26

/** A warning about NaN and infinity among the weights, or NONFINITE_WEIGHTS where they are not to be accepted. */
async function scan({ constants }: Checkpoint, place: string, strict: boolean): Promise<string[]> {
  if (!strict && storedBytes(constants) > alwaysScanned) return []
  const damage = await scanWeights(constants)
  if (damage.size === 0) return []
  const found = `${place}: ${describeDamage(damage)}`
  if (!strict) return [`${found}. Results will hardly be numbers.`]
  throw fileError('NONFINITE_WEIGHTS', `${found}.\nLoad an undamaged copy, or leave out --strict (strict).`)
}

/**
 * Opens a model directory: config and where each weight lies. Values are read to look for NaN only: of small models, and with
 * `strict` of all.
 */
export async function openCheckpoint(directory: string, options: OpenOptions = {}): Promise<Checkpoint> {
  const described = await readConfig(directory)
  const { format, config, file } = described
  const { file: generation, name: generationName } = await readGenerationConfig(directory)
  const vocabulary = format.definition.vocabulary(config)
  const configPath = path().join(directory, configName)
  const idWarnings = checkTokenIds(file, configPath, vocabulary)
  if (generation) idWarnings.push(...checkTokenIds(generation, generationName, vocabulary))

  const weights = await openWeights(directory)
  const { storedAs, ...checkpoint } = matchWeights(described, weights, weights.place, options)
  const copies = [...format.copies(config)].flatMap(([copy, name]): [string, string][] => {
    const used = storedAs.get(name)
    return used !== undefined && used !== copy && weights.entries.has(copy) ? [[copy, used]] : []
  })
  const warnings = [
    ...configWarnings(file, format, configPath),
    ...idWarnings,
    ...weights.warnings,
    ...checkpoint.warnings,
    ...(await tiedWarnings(copies, weights, weights.place)),
    ...(await scan(checkpoint, weights.place, options.strict ?? false)),
  ]
  return { ...checkpoint, ...(generation && { generation }), warnings }
}

/** The values of every parameter as float32. */
export async function readParameters(checkpoint: Checkpoint): Promise<Map<string, NdArray>> {
  const values = new Map<string, NdArray>()
  for (const [name, { source }] of checkpoint.constants) values.set(name, toFloat32(await source.read()))
  return values
}

/** Writes config.json and the weights; Python's `from_pretrained` loads the directory. */
export async function writeCheckpoint(
  directory: string,
  config: ConfigFile,
  tensors: ReadonlyMap<string, TensorSource>,
  options?: WriteOptions,
): Promise<void> {
  await writeWeights(directory, tensors, options)
  await writeJson(path().join(directory, configName), config)
}
