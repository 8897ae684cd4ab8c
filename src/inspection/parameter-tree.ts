/** The parameters of a model as the tree of its modules, repeated blocks folded into one. */
import type { Tensor } from '../graph/tensor.ts'
import { sizeOf } from '../tensor/array.ts'

export type ParameterTree = {
  /** Its name among its parent's parts; `0–47` for blocks that are folded, '' for the model. */
  readonly name: string
  /** How many blocks are folded into this one; 1 for most. */
  readonly times: number
  /** Values in it, of all its blocks together. */
  readonly parameters: number
  /** Of a parameter. */
  readonly shape?: readonly number[]
  readonly parts: readonly ParameterTree[]
}

type Branch = { shape?: readonly number[]; readonly parts: Map<string, Branch> }

const isIndex = (name: string) => /^\d+$/.test(name)

/** All of a subtree but its name: what is equal for blocks that can be folded. */
const structureOf = ({ shape, parts }: ParameterTree): string =>
  JSON.stringify([shape, parts.map((part) => [part.name, part.times, structureOf(part)])])

/** Neighbors with numbers as names and one structure become one. */
function fold(parts: readonly ParameterTree[]): ParameterTree[] {
  const folded: { part: ParameterTree; last: string; structure: string }[] = []
  for (const part of parts) {
    const structure = isIndex(part.name) ? structureOf(part) : ''
    const before = folded.at(-1)
    if (before && structure !== '' && before.structure === structure) {
      const [times, parameters] = [before.part.times + 1, before.part.parameters + part.parameters]
      before.part = { ...before.part, times, parameters }
      before.last = part.name
    } else folded.push({ part, last: part.name, structure })
  }
  return folded.map(({ part, last }) => (part.times === 1 ? part : { ...part, name: `${part.name}–${last}` }))
}

function grow(name: string, { shape, parts }: Branch): ParameterTree {
  const grown = [...parts].map(([part, branch]) => grow(part, branch))
  const parameters = grown.reduce((sum, part) => sum + part.parameters, shape ? sizeOf(shape) : 0)
  return { name, times: 1, parameters, ...(shape && { shape }), parts: fold(grown) }
}

/** The tree of parameters by path (see `parameters` of a module), in their order. */
export function parameterTree(parameters: ReadonlyMap<string, Pick<Tensor, 'shape'>>): ParameterTree {
  const root: Branch = { parts: new Map() }
  for (const [path, { shape }] of parameters) {
    let at = root
    for (const name of path.split('.')) {
      const next = at.parts.get(name) ?? { parts: new Map() }
      at.parts.set(name, next)
      at = next
    }
    at.shape = shape as readonly number[]
  }
  return grow('', root)
}
