/** Derivatives against central finite differences in float64, and hand-written rules against the derivative of a composite's body. */

import { RandomStream } from '../../src/base/random.ts'
import { type Evaluator, evaluator } from '../../src/graph/evaluate.ts'
import { isComposite, type Op } from '../../src/graph/op.ts'
import type { Tensor } from '../../src/graph/tensor.ts'
import { input } from '../../src/ops/index.ts'
import { isFloat } from '../../src/tensor/dtype.ts'
import { Value } from '../../src/tensor/value.ts'
import { gradients } from '../../src/transforms/gradients.ts'
import type { OpSamples, Sample, Sizes } from './sample.ts'
import { differentiate, type Replacements, trace } from './trace.ts'

const step = 1e-6
const close = (found: number, expected: number): boolean =>
  Math.abs(found - expected) <= 1e-5 + 1e-3 * Math.abs(expected)
/** Up to so many inputs every entry of the Jacobian is checked, beyond it one random direction. */
export const fullJacobian = 200

export type Case = {
  readonly op: Op
  readonly samples: OpSamples
  readonly sample: Sample
  readonly sizes: Sizes
  readonly values: readonly Value[]
  readonly replacements: Replacements
}

const noise = (like: { shape: readonly number[] }, site: number): Value => {
  const random = new RandomStream({ seed: 2, purpose: 'test', site })
  return Value.generate(like.shape, 'float32', () => 2 * random.uniform() - 1)
}
const shapeOf = (x: Tensor) => ({ shape: x.shape as readonly number[] })
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0)

/** x + by·direction. */
const moved = (x: Value, direction: Value, by: number): Value => {
  let i = 0
  return x.map((v) => v + by * direction.data[i++]!)
}

/** Every problem with the derivative of one sample. */
export function derivativeProblems(each: Case): string[] {
  const { sample, sizes, replacements, samples, op } = each
  const traced = trace(sample, replacements, sizes)
  const { wrt } = traced
  if (
    wrt.length === 0 ||
    !traced.outputs.some((y) => isFloat(y.dtype)) ||
    /^(none|runtimes)$/.test(String(sample.derivative))
  )
    return []
  const { loss, weights, gradients: found, outputs } = differentiate(traced)
  const leaves = new Map(traced.inputs.map((x, i) => [x, each.values[i]!]))
  const derivative = evaluator(found)
  const withWeights = (chosen: readonly Value[]) =>
    new Map([...leaves, ...weights.map((w, i) => [w, chosen[i]!] as const)])
  const random = weights.map((w, i) => noise(shapeOf(w), i))
  if (Array.isArray(sample.derivative)) {
    const ones = weights.map((w) => Value.generate(w.shape as number[], w.dtype, () => 1))
    return derivative(withWeights(ones)).flatMap((g, i) =>
      compare(`vjp, input ${i}`, g.data, sample.derivative![i] as unknown as number[]),
    )
  }
  const size = wrt.reduce((n, x) => n + leaves.get(x)!.data.length, 0)
  const smooth = outputs.filter((y) => isFloat(y.dtype))
  const problems =
    size <= fullJacobian
      ? jacobian(evaluator(smooth), leaves, wrt, (weights) => derivative(withWeights(weights)))
      : direction('vjp', evaluator([loss]), withWeights(random), wrt, derivative(withWeights(random)))
  if (problems.length) return problems
  return [
    ...(isComposite(op) && op.vjp && !samples.firstOrderOnly
      ? bodyProblems(each, derivative(withWeights(random)), random)
      : []),
    ...(samples.firstOrderOnly ? [] : secondOrder(wrt, found, withWeights(random))),
  ]
}

/** Every entry: column by column from differences, row by row from the rule. */
function jacobian(
  f: Evaluator,
  leaves: ReadonlyMap<Tensor, Value>,
  wrt: readonly Tensor[],
  derivative: (weights: Value[]) => Value[],
): string[] {
  const at = f(leaves)
  const unit = (k: number, j: number) =>
    at.map((y, i) => Value.generate(y.shape, y.dtype, (p) => Number(i === k && p === j)))
  const rows = at.flatMap((y, k) => Array.from(y.data, (_, j) => derivative(unit(k, j))))
  return wrt.flatMap((x, input) => {
    const value = leaves.get(x)!
    return Array.from(value.data).flatMap((_, p) => {
      const basis = Value.generate(value.shape, value.dtype, (i) => Number(i === p))
      const [up, down] = [step, -step].map((by) => f(new Map(leaves).set(x, moved(value, basis, by))))
      const column = up!.flatMap((y, k) => Array.from(y.data, (v, j) => (v - down![k]!.data[j]!) / (2 * step)))
      const wrong = column.findIndex((expected, row) => !close(rows[row]![input]!.data[p]!, expected))
      return wrong < 0
        ? []
        : [
            `vjp, input ${input}, element ${p}: ∂output[${wrong}] is ${rows[wrong]![input]!.data[p]}, differences give ${column[wrong]}`,
          ]
    })
  })
}

/** The derivative along one random direction. */
function direction(
  what: string,
  f: Evaluator,
  leaves: ReadonlyMap<Tensor, Value>,
  wrt: readonly Tensor[],
  derivative: readonly Value[],
): string[] {
  const directions = wrt.map((x, i) => noise(shapeOf(x), 100 + i))
  const [up, down] = [step, -step].map((by) => {
    const shifted = wrt.map((x, i) => [x, moved(leaves.get(x)!, directions[i]!, by)] as const)
    return f(new Map([...leaves, ...shifted]))[0]!.data[0]!
  })
  const expected = (up! - down!) / (2 * step)
  const found = derivative.reduce((sum, g, i) => sum + dot(g.data, directions[i]!.data), 0)
  return close(found, expected) ? [] : [`${what}, along a direction: ${found}, differences give ${expected}`]
}

/** The derivative of the derivative (times fixed random numbers) along one direction. */
function secondOrder(wrt: readonly Tensor[], found: readonly Tensor[], leaves: ReadonlyMap<Tensor, Value>): string[] {
  const factors = found.map((g, i) => input(`v${i}`, g.shape, g.dtype))
  const total = found.map((g, i) => g.mul(factors[i]!).sum()).reduce((a, b) => a.add(b))
  const { loss, gradients: second } = gradients(total, wrt)
  const all = new Map([...leaves, ...factors.map((v, i) => [v, noise(shapeOf(v), 200 + i)] as const)])
  return direction('second order', evaluator([loss]), all, wrt, evaluator(second)(all))
}

/** A composite's own rule against what its parts give. */
function bodyProblems(
  { op, sample, sizes, values, replacements }: Case,
  own: readonly Value[],
  weights: readonly Value[],
): string[] {
  const open = new Map([...replacements, [op.name, { ...op, vjp: undefined } as Op]])
  const traced = trace(sample, open, sizes)
  const parts = differentiate(traced)
  const leaves = new Map([
    ...traced.inputs.map((x, i) => [x, values[i]!] as const),
    ...parts.weights.map((w, i) => [w, weights[i]!] as const),
  ])
  return evaluator(parts.gradients)(leaves).flatMap((g, i) =>
    compare(`vjp and the derivative of the body, input ${i}`, own[i]!.data, Array.from(g.data), 1e-6),
  )
}

function compare(what: string, found: Float64Array, expected: readonly number[], tolerance = 1e-9): string[] {
  const wrong = expected.findIndex((v, i) => !(Math.abs(found[i]! - v) <= tolerance * (1 + Math.abs(v))))
  if (found.length !== expected.length) return [`${what}: ${found.length} elements, expected ${expected.length}`]
  return wrong < 0 ? [] : [`${what}, element ${wrong}: ${found[wrong]}, expected ${expected[wrong]}`]
}
