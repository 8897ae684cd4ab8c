/** Every runtime against the reference evaluator: values, derivatives, fused lowerings, and one program for every size. */

import { programProblems } from '../../src/graph/check.ts'
import { evaluator } from '../../src/graph/evaluate.ts'
import { isComposite, type Op } from '../../src/graph/op.ts'
import { program } from '../../src/graph/program.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { toNumbers } from '../../src/tensor/array.ts'
import { isFloat } from '../../src/tensor/dtype.ts'
import { Value } from '../../src/tensor/value.ts'
import type { Case } from './derivatives.ts'
import { arrayOf, type Sample, type Sizes } from './sample.ts'
import { differentiate, type Replacements, type Traced, trace } from './trace.ts'

/** |Δ| ≤ 1e-5 + 1e-4·|reference|; what is not finite must be the same. */
const close = (found: number, expected: number): boolean =>
  Object.is(found, expected) || found === expected || Math.abs(found - expected) <= 1e-5 + 1e-4 * Math.abs(expected)

type Graph = Pick<Traced, 'inputs' | 'outputs'>

/** Outputs, and derivatives by ones where there are any. */
function withDerivatives(sample: Sample, traced: Traced): Graph {
  if (sample.derivative === 'none' || !traced.wrt.length || !traced.outputs.some((y) => isFloat(y.dtype))) return traced
  const { outputs, gradients, weights } = differentiate(traced)
  return { inputs: [...traced.inputs, ...weights], outputs: [...outputs, ...gradients] }
}

const named = <T>(prefix: string, list: readonly T[]): Record<string, T> =>
  Object.fromEntries(list.map((x, i) => [`${prefix}${i}`, x]))

const programOf = ({ inputs, outputs }: Graph) => program(named('in', inputs), named('out', outputs))

/** What an input of a graph is fed: the sample's values, and for the weights of outputs 0.5, 1, 1.5, … in turn. */
const feed = (sample: Sample, name: string, { inputs }: Graph, sizes: Sizes) =>
  inputs.map((x, i) => {
    const spec = sample.inputs[i]
    return arrayOf(
      spec ?? { axes: x.shape as readonly number[], dtype: x.dtype, value: (_, p) => 0.5 * (1 + (p % 4)) },
      sizes,
      `${name} ${i}`,
    )
  })

async function compare(
  runtime: Runtime,
  graph: Graph,
  runs: readonly { feeds: ReturnType<typeof feed>; expected: readonly Value[]; label: string }[],
): Promise<string[]> {
  const whole = programOf(graph)
  const broken = programProblems(whole)
  if (broken.length) return broken
  const executable = await runtime.compile(whole)
  try {
    const problems: string[] = []
    for (const { feeds, expected, label } of runs) {
      const found = await executable.run(named('in', feeds))
      for (const [i, { data, shape, dtype }] of expected.entries()) {
        const got = found[`out${i}`]!
        const numbers = toNumbers(got)
        const wrong = data.findIndex((v, p) => !close(numbers[p]!, v))
        if (String(got.shape) !== String(shape) || got.dtype !== dtype)
          problems.push(`${label}, output ${i}: ${got.dtype}[${got.shape}], expected ${dtype}[${shape}]`)
        else if (wrong >= 0)
          problems.push(`${label}, output ${i}[${wrong}]: ${numbers[wrong]}, reference ${data[wrong]}`)
      }
    }
    return problems
  } finally {
    await executable.dispose()
  }
}

/** One sample at one size on one runtime; a composite with a lowering of its own also in its parts. */
export async function runtimeProblems(
  runtime: Runtime,
  name: string,
  { op, sample, sizes, replacements }: Case,
): Promise<string[]> {
  const graph = withDerivatives(sample, trace(sample, replacements, sizes))
  const feeds = feed(sample, name, graph, sizes)
  const leaves = new Map(graph.inputs.map((x, i) => [x, Value.from(feeds[i]!)]))
  const expected = evaluator(graph.outputs)(leaves)
  const problems = await compare(runtime, graph, [{ feeds, expected, label: runtime.name }])
  if (!isComposite(op) || !op.onnx) return problems
  // Without derivatives the composite itself is lowered, even one that has no rule of its own.
  const plain = trace(sample, replacements, sizes)
  const values = expected.slice(0, plain.outputs.length)
  const given = feeds.slice(0, plain.inputs.length)
  problems.push(
    ...(await compare(runtime, plain, [{ feeds: given, expected: values, label: `${runtime.name}, fused` }])),
  )
  const parts: Replacements = new Map([...replacements, [op.name, { ...op, onnx: undefined } as Op]])
  const open = withDerivatives(sample, trace(sample, parts, sizes))
  return [...problems, ...(await compare(runtime, open, [{ feeds, expected, label: `${runtime.name}, in parts` }]))]
}

/** A sample over symbols: one program, run at every size, gives what a program for just that size gives. */
export async function symbolicProblems(
  runtime: Runtime,
  name: string,
  sample: Sample,
  replacements: Replacements,
): Promise<string[]> {
  const graph = trace(sample, replacements)
  const runs = sample.sizes!.map((sizes) => {
    const exact = trace(sample, replacements, sizes)
    const feeds = feed(sample, name, exact, sizes)
    const expected = evaluator(exact.outputs)(new Map(exact.inputs.map((x, i) => [x, Value.from(feeds[i]!)])))
    return { feeds, expected, label: `${runtime.name}, symbolic, ${JSON.stringify(sizes)}` }
  })
  return await compare(runtime, graph, runs)
}
