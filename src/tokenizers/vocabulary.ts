/** Tokens and their ids. */
import { type Field, largestId } from './field.ts'

export class Vocabulary {
  readonly ids: ReadonlyMap<string, number>
  readonly #tokens: string[] = []
  /** `ids` must give every token an id of its own. */
  constructor(ids: ReadonlyMap<string, number>) {
    this.ids = ids
    for (const [token, id] of ids) this.#tokens[id] = token
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
  new Vocabulary(new Map(tokens.map((token, id) => [token, id])))

/** `{ token: id, … }`. Ids may have gaps, but no two tokens share one. */
export function readVocabulary(field: Field): Vocabulary {
  const ids = new Map<string, number>()
  const seen = new Map<number, string>()
  for (const [token, id] of Object.entries(field.object())) {
    if (!Number.isInteger(id) || (id as number) < 0 || (id as number) > largestId)
      field.get(token).fail(`an id, an integer from 0 to ${largestId}`)
    const other = seen.get(id as number)
    if (other !== undefined) field.get(token).fail(`an id of its own; ${JSON.stringify(other)} has it too`)
    seen.set(id as number, token)
    ids.set(token, id as number)
  }
  return new Vocabulary(ids)
}
