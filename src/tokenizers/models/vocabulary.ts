/** Tokens and their ids. */
import { show } from '../../base/json.ts'
import { type Field, largestId } from '../field.ts'

export class Vocabulary {
  readonly ids: ReadonlyMap<string, number>
  readonly #tokens: readonly string[]
  /** `tokens` is the list by id, with holes where ids have gaps; `ids` must be its inverse, where a token of two ids has the last. */
  constructor(ids: ReadonlyMap<string, number>, tokens: readonly string[]) {
    this.ids = ids
    this.#tokens = tokens
  }

  idOf(token: string): number | undefined {
    return this.ids.get(token)
  }

  tokenOf(id: number): string | undefined {
    return this.#tokens[id]
  }

  /** One more than the largest id: the rows an embedding needs. */
  get size(): number {
    return this.#tokens.length
  }

  /** As in tokenizer.json, by id (but JavaScript puts keys that are integers first). */
  json(): Record<string, number> {
    return Object.fromEntries([...this.ids].sort((a, b) => a[1] - b[1]))
  }
}

/** Tokens in the order of their ids → vocabulary. */
export const vocabularyOf = (tokens: readonly string[]): Vocabulary =>
  new Vocabulary(new Map(tokens.map((token, id) => [token, id])), tokens)

/** `{ token: id, … }`, parsed as an object or as a `Map`. Ids may have gaps, but no two tokens share one. */
export function readVocabulary(field: Field): Vocabulary {
  const ids = field.value instanceof Map ? field.value : new Map<string, unknown>(Object.entries(field.object()))
  const owners: string[] = []
  for (const [token, id] of ids) {
    if (!Number.isInteger(id) || id < 0 || id > largestId)
      field.get(token).fail(`an id, an integer from 0 to ${largestId}`)
    const owner = owners[id]
    if (owner !== undefined) field.get(token).fail(`an id of its own; ${show(owner)} has it too`)
    owners[id] = token
  }
  return new Vocabulary(ids, owners)
}
