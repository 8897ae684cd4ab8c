/** The fields of a recipe by their names, for people who expect them as flags. */
import { recipeJsonSchema } from '../training/recipe.ts'

type Schema = {
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
  lr: 'learningrate',
  batch: 'batchsize',
  context: 'contextlength',
  blocksize: 'contextlength',
  iterations: 'steps',
  maxiters: 'steps',
  maxsteps: 'steps',
  accumulation: 'gradientaccumulation',
  clip: 'gradientclip',
}

/** `--learning-rate` → `--set optimizer.learningRate=…`, if there is such a field. */
export function fieldMeant(flag: string): string | undefined {
  const word = flag.replace(/=.*$/, '').replace(/[-_.]/g, '').toLowerCase()
  const wanted = aliases[word] ?? word
  const path = [...paths(recipeJsonSchema() as Schema)].find(
    (each) =>
      each.slice(each.lastIndexOf('.') + 1).toLowerCase() === wanted ||
      each.replaceAll('.', '').toLowerCase() === wanted,
  )
  return path && `--set ${path}=…`
}
