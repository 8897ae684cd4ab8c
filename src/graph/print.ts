/** A readable listing of a graph: one line a node, `name = op(inputs) {attributes} : dtype[shape] · module path`. */
import { shapeText } from './axis.ts'
import type { Attribute } from './op.ts'
import type { Node, Tensor } from './tensor.ts'
import { nodesOf } from './walk.ts'

export type PrintOptions = {
  /** Names of values, such as parameters by their paths; inputs have one of their own, the rest is numbered. */
  readonly names?: Iterable<readonly [name: string, value: Tensor]>
}

/** The listing of everything that the outputs need, inputs before users, and the outputs by their names. */
export function printGraph(outputs: Readonly<Record<string, Tensor>>, { names = [] }: PrintOptions = {}): string {
  const given = new Map<Tensor, string>([...names].map(([name, value]) => [value, name]))
  const labels = new Map<Node, string>()
  const nameOf = (x: Tensor): string => {
    const label = labels.get(x.node)!
    return given.get(x) ?? (x.node.outputs.length > 1 ? `${label}.${x.index}` : label)
  }
  const lines: string[] = []
  for (const node of nodesOf(Object.values(outputs))) {
    labels.set(node, leafName(node) ?? `%${labels.size}`)
    const attributes = Object.entries<Attribute>(node.attributes).flatMap(([key, value]) => {
      const text = attributeText(value)
      return text === undefined ? [] : [`${key}: ${text}`]
    })
    const call = `${node.op.name}(${node.inputs.map(nameOf).join(', ')})`
    const settings = attributes.length ? ` {${attributes.join(', ')}}` : ''
    const types = node.outputs.map((y) => `${y.dtype}${shapeText(y.shape)}`).join(', ')
    const left = node.outputs.length > 1 ? node.outputs.map(nameOf).join(', ') : nameOf(node.outputs[0]!)
    lines.push(`${left} = ${call}${settings} : ${types}${node.scope ? ` · ${node.scope}` : ''}`)
  }
  for (const [name, x] of Object.entries(outputs)) lines.push(`→ ${name} = ${nameOf(x)}`)
  return lines.join('\n')
}

const leafName = ({ attributes, inputs }: Node): string | undefined =>
  inputs.length === 0 && typeof attributes.name === 'string' && attributes.name !== '' ? attributes.name : undefined

/** Attributes in a few characters; what a listing has elsewhere (the type) or no room for (inner graphs) is left out. */
function attributeText(value: Attribute): string | undefined {
  if (value === undefined || value === false || value === '') return undefined
  if (Array.isArray(value)) return shapeText(value as readonly number[])
  if (typeof value !== 'object') return String(value)
  if ('data' in value) return value.data.length === 1 ? String(value.data[0]) : `${value.data.length} values`
  if ('coefficient' in value) return String(value)
  if ('outputs' in value) return `${nodesOf(value.outputs).length} nodes`
  return 'name' in value ? value.name : undefined
}
