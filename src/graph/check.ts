/** Checks that a program hangs together: types, leaves, symbols. For tests, and for those who build or rewrite graphs by hand. */
import { type Axis, shapesEqual, shapeText } from './axis.ts'
import { isComposite, type TensorType } from './op.ts'
import type { Program } from './program.ts'
import { bodyOf, type Node } from './tensor.ts'
import { nodesOf } from './walk.ts'

const typeText = ({ dtype, shape }: TensorType) => `${dtype}${shapeText(shape)}`
const symbolsOf = (axis: Axis): string[] => (typeof axis === 'number' ? [] : [...axis.powers.keys()])

/**
 * Everything that is wrong with a program, one line each: outputs that differ from what the op's rule gives, leaves that are neither
 * inputs nor constants, symbols that no input declares. Empty when all is well.
 */
export function programProblems(program: Program): string[] {
  const leaves = new Set([
    ...[...program.inputs.values()].map((x) => x.node),
    ...[...program.constants.values()].map(({ tensor }) => tensor.node),
  ])
  const declared = new Set([...program.inputs.values()].flatMap(({ shape }) => shape.flatMap(symbolsOf)))
  return nodesOf([...program.outputs.values()]).flatMap((node) => {
    const place = `${node.op.name}${node.scope ? ` (in ${node.scope})` : ''}`
    const problems = leaves.has(node) ? [] : typeProblems(node, place)
    for (const name of new Set(node.outputs.flatMap(({ shape }) => shape.flatMap(symbolsOf))))
      if (!declared.has(name)) problems.push(`${place}: no input declares the axis ${name}`)
    if (node.op.external && !leaves.has(node))
      problems.push(
        `${place}: ${node.attributes.name ?? 'a parameter'} is neither an input nor a constant of the program`,
      )
    return problems
  })
}

function typeProblems(node: Node, place: string): string[] {
  const found = isComposite(node.op) ? bodyOf(node) : [node.op.shape(node.inputs, node.attributes)].flat()
  if (found.length !== node.outputs.length)
    return [`${place}: the rule gives ${found.length} outputs, the node has ${node.outputs.length}`]
  return node.outputs.flatMap((y, i) =>
    y.dtype === found[i]!.dtype && shapesEqual(y.shape, found[i]!.shape)
      ? []
      : [`${place}: output ${i} is ${typeText(y)}, the rule gives ${typeText(found[i]!)}`],
  )
}
