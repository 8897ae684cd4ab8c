/** Recurrence over time: one small graph repeated along the first axis of its sequences. */
import { failure } from '../base/errors.ts'
import { type Axis, axesEqual, bindShape, multiplyAxes, shapesEqual, shapeText } from '../graph/axis.ts'
import { type Evaluator, evaluator } from '../graph/evaluate.ts'
import { flopsOf } from '../graph/flops.ts'
import type { InnerGraph, TensorType } from '../graph/op.ts'
import { apply, shapeProblem, type Tensor } from '../graph/tensor.ts'
import { nodesOf } from '../graph/walk.ts'
import { sizeOf } from '../tensor/array.ts'
import { Value } from '../tensor/value.ts'
import { defineOp } from './define.ts'
import { input } from './leaves.ts'

type Attributes = { carries: number; sequences: number; reverse: boolean; step: InnerGraph }

const typeText = ({ dtype, shape }: TensorType) => `${dtype}${shapeText(shape)}`
const evaluators = new WeakMap<InnerGraph, Evaluator>()

/** Inputs: carries, sequences, constants. Outputs: the last carries, then one sequence for every other output of a step. */
export const scanOp = defineOp<Attributes>({
  name: 'scan',
  shape: (inputs, { carries, sequences, step }) => {
    const steps = stepsOf(inputs.slice(carries, carries + sequences))
    for (const [i, carry] of inputs.slice(0, carries).entries()) {
      const next = step.outputs[i]!
      if (next.dtype !== carry.dtype || !shapesEqual(next.shape, carry.shape))
        shapeProblem(`carry ${i} starts as ${typeText(carry)}, a step makes it ${typeText(next)}`)
    }
    return step.outputs.map(({ shape, dtype }, i) => ({ shape: i < carries ? shape : [steps, ...shape], dtype }))
  },
  flops: (inputs, _, { carries, sequences, step }) => {
    const steps = stepsOf(inputs.slice(carries, carries + sequences))
    return flopsOf(step.outputs).map((term) => multiplyAxes(steps, term))
  },
  vjp: () => {
    throw failure('NO_DERIVATIVE', 'scan has no derivative; rnn, gru and lstm have.')
  },
  evaluate: (inputs, { carries, sequences, reverse, step }) => {
    const run = evaluators.get(step) ?? evaluator(step.outputs)
    evaluators.set(step, run)
    const bindings = new Map<string, number>()
    const xs = inputs.slice(carries, carries + sequences)
    const given = inputs.map((x, i) => (i < carries || i >= carries + sequences ? x : row(x, 0)))
    for (const [i, leaf] of step.inputs.entries()) bindShape(leaf.shape, given[i]!.shape, bindings)
    let state = inputs.slice(0, carries)
    const rows: Value[][] = []
    const steps = xs[0]!.shape[0]!
    for (let n = 0; n < steps; n++) {
      const at = reverse ? steps - 1 - n : n
      const values = [...state, ...xs.map((x) => row(x, at)), ...inputs.slice(carries + sequences)]
      const results = run(new Map(step.inputs.map((leaf, i) => [leaf, values[i]!])), { bindings })
      state = results.slice(0, carries)
      rows[at] = results.slice(carries)
    }
    return [...state, ...step.outputs.slice(carries).map((_, i) => stackRows(rows.map((outputs) => outputs[i]!)))]
  },
  onnx: (onnx, inputs, { attributes: { carries, sequences, reverse, step } }) => {
    const moving = carries + sequences
    const body = onnx.subgraph('scan', step, inputs.slice(moving))
    const ys = step.outputs.length - carries
    return onnx.nodes('Scan', inputs.slice(0, moving), step.outputs.length, {
      body: { graph: body },
      num_scan_inputs: sequences,
      scan_input_directions: Array<number>(sequences).fill(Number(reverse)),
      scan_output_directions: Array<number>(ys).fill(Number(reverse)),
    })
  },
})

const stepsOf = (sequences: readonly { shape: readonly Axis[] }[]): Axis => {
  const [steps = shapeProblem('expected one sequence or more'), ...rest] = sequences.map(
    ({ shape }) => shape[0] ?? shapeProblem('a sequence needs an axis of steps'),
  )
  if (steps === 0) shapeProblem('axis 0 has 0 elements, expected one step or more')
  for (const other of rest)
    if (!axesEqual(other, steps)) shapeProblem(`axis 0 of the sequences has the lengths ${steps} and ${other}`)
  return steps
}

const row = (x: Value, index: number): Value => {
  const shape = x.shape.slice(1)
  const size = sizeOf(shape)
  return new Value(shape, x.dtype, x.data.subarray(index * size, (index + 1) * size))
}
const stackRows = (rows: readonly Value[]): Value => {
  const { shape, dtype } = rows[0]!
  const y = new Value([rows.length, ...shape], dtype)
  for (const [i, { data }] of rows.entries()) y.data.set(data, i * data.length)
  return y
}

/**
 * Repeats a step along axis 0 of the sequences xs: `step(carry, x, constants)` gives the next carry and what to keep of each step.
 * With `reverse` it starts at the end; what it keeps lies in the order of the sequences. A step sees nothing but its arguments.
 * No derivative: composites that use it bring their own.
 */
export function scan(
  carry: readonly Tensor[],
  xs: readonly Tensor[],
  constants: readonly Tensor[],
  step: (
    carry: readonly Tensor[],
    x: readonly Tensor[],
    constants: readonly Tensor[],
  ) => { carry: Tensor[]; ys: Tensor[] },
  { reverse = false } = {},
): { carry: readonly Tensor[]; ys: readonly Tensor[] } {
  const leaves = (tensors: readonly Tensor[], name: string, skip = 0) =>
    tensors.map(({ shape, dtype }, i) => input(`${name}${i}`, shape.slice(skip), dtype))
  const [c, x, k] = [leaves(carry, 'carry'), leaves(xs, 'x', 1), leaves(constants, 'constant')]
  const next = step(c, x, k)
  const inner: InnerGraph = { inputs: [...c, ...x, ...k], outputs: [...next.carry, ...next.ys] }
  const known = new Set(inner.inputs.map(({ node }) => node))
  for (const node of nodesOf(inner.outputs))
    if (node.op.external && !known.has(node))
      throw failure(
        'SCAN_LEAF',
        `A step of scan reads ${node.attributes.name ?? 'a parameter'}, which is not among its arguments.`,
      )
  const attributes = { carries: carry.length, sequences: xs.length, reverse, step: inner }
  const outputs = apply(scanOp, [...carry, ...xs, ...constants], attributes)
  return { carry: outputs.slice(0, carry.length), ys: outputs.slice(carry.length) }
}
