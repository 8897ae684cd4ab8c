/** The fields of a recipe by their names, for people who write them differently, elsewhere, or as flags. */
import { nearest } from '../base/nearest.ts'

/** What is used of a JSON Schema. */
export type Schema = {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
}

/** Paths of all fields: `steps`, `optimizer.learningRate`, … */
function* paths({ properties = {}, anyOf = [], oneOf = [] }: Schema, before = ''): Generator<string> {
  for (const [name, schema] of Object.entries(properties)) {
    yield before + name
    yield* paths(schema, `${before}${name}.`)
  }
  for (const option of [...anyOf, ...oneOf]) yield* paths(option, before)
}

/** Usual short names. */
const aliases: Readonly<Record<string, string>> = {
  lr: 'learningRate',
  batch: 'batchSize',
  context: 'contextLength',
  blocksize: 'contextLength',
  iterations: 'steps',
  maxiters: 'steps',
  maxsteps: 'steps',
  accumulation: 'gradientAccumulation',
  clip: 'gradientClip',
}

const lastOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1)

/**
 * The path of the field that is meant by a name inside `within` (a path, '' for the recipe itself): one of its neighbors, else a field
 * of that name anywhere.
 */
export function fieldLike(name: string, schema: Schema, within = ''): string | undefined {
  const all = [...new Set(paths(schema))]
  const word = name.replace(/[-_.]/g, '').toLowerCase()
  const wanted = Object.hasOwn(aliases, word) ? aliases[word]! : name
  const inside = all.filter((path) => path === (within ? `${within}.${lastOf(path)}` : lastOf(path)))
  const neighbor = nearest(wanted, inside.map(lastOf))
  if (neighbor !== undefined) return within ? `${within}.${neighbor}` : neighbor
  const same = (path: string) => path.replaceAll('.', '').toLowerCase() === word || lastOf(path) === wanted
  return all.find(same) ?? all.find((path) => lastOf(path) === nearest(wanted, all.map(lastOf)))
}
