/** What of a recipe decides a run's numbers, and how two such recipes differ. */
import { parseRecipe, type Recipe } from './recipe.ts'

/** A recipe without names and places; itself a recipe. */
export type PlainRecipe = { readonly [field: string]: unknown }

/** What stands for every path. */
const somewhere = 'somewhere'

/**
 * The same wherever the run, its text and its tokenizer lie: what these hold is told by the fingerprint of the data. `splits` is the
 * number that was chosen.
 */
export function plainRecipe(recipe: Recipe, splits: number | undefined = recipe.splits): PlainRecipe {
  const { description: _1, $schema: _2, out: _3, data, model, tokenizer, ...rest } = recipe
  const { files, bytes, ...text } = data
  return {
    ...rest,
    model: model.from === undefined ? model : { ...model, from: somewhere },
    tokenizer: tokenizer.type === 'file' ? { ...tokenizer, path: somewhere } : tokenizer,
    data: { ...text, ...(files.length > 0 ? { files: [somewhere] } : { bytes }) },
    ...(splits !== undefined && { splits }),
  }
}

/** A plain recipe that an earlier version wrote, with the fields that have come since at their defaults. */
export const completed = (plain: PlainRecipe, file: string): PlainRecipe => plainRecipe(parseRecipe(plain, file))

/** A field that changed. Absent means that the recipe has no such field. */
export type Change = { readonly field: string; readonly from?: unknown; readonly to?: unknown }

/** Fields by path; lists count as one value. */
function* leaves(value: unknown, path = ''): Generator<[string, unknown]> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) yield [path, value]
  else for (const [key, item] of Object.entries(value)) yield* leaves(item, path ? `${path}.${key}` : key)
}

/** What differs between two records of fields, by path. */
export function changesBetween(before: object, after: object): Change[] {
  const [old, now] = [new Map(leaves(before)), new Map(leaves(after))]
  const same = (field: string) => JSON.stringify(old.get(field)) === JSON.stringify(now.get(field))
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((field) =>
    same(field)
      ? []
      : [
          {
            field,
            ...(old.get(field) !== undefined && { from: old.get(field) }),
            ...(now.get(field) !== undefined && { to: now.get(field) }),
          },
        ],
  )
}

/** `schedule.warmup 3 → 5`. */
export const changeText = ({ field, from, to }: Change): string => `${field} ${valueText(from)} → ${valueText(to)}`
const valueText = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value))

/** Changes as one line of an error. */
export const changesText = (changes: readonly Change[]): string => {
  const shown = changes.slice(0, 12).map(changeText).join('; ').slice(0, 600)
  return changes.length > 12 ? `${shown}; and ${changes.length - 12} more` : shown
}

/** How long a run is, how its learning rate goes and how often it reports may change when it goes on. */
export const mayChange = ({ field }: Change): boolean =>
  /^(steps$|optimizer\.learningRate$|schedule\.|evaluation\.|samples\.|checkpoint\.)/.test(field)

/** Whether a change shows in the numbers that a run reports. */
export const isReported = ({ field }: Change): boolean => !field.startsWith('checkpoint.')
